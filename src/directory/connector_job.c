/* SPDX-License-Identifier: ISC */
/*
 * Connecting is done with sockets of our own and given to libldap afterwards: so each step has a
 * limit and an error of its own, which libldap would fold into "Can't contact LDAP server".
 */
#include "directory/connector_job.h"

#include "base/vec.h"
#include "directory/kerberos.h"
#include "directory/result_text.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openldap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	READ_AHEAD_BYTES = 64 * 1024,
	/* A group of millions fits, a hostile length does not. */
	MESSAGE_MAX_BYTES = 256 * 1024 * 1024,
};

static const char *const system_ca_files[] = { "/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem" };

const char *connector_ca_file(const char *configured)
{
	if (configured != NULL)
		return configured;
	for (size_t i = 0; i < sizeof(system_ca_files) / sizeof(*system_ca_files); i++)
		if (access(system_ca_files[i], R_OK) == 0)
			return system_ca_files[i];
	return NULL;
}

void connector_job_init(struct connector_job *job, const struct directory_settings *settings,
    const char *url, struct secret *password)
{
	job->url = mem_strdup(url);
	job->ca_file = mem_strdup(connector_ca_file(settings->tls.ca_file));
	job->cert_file = mem_strdup(settings->tls.cert_file);
	job->key_file = mem_strdup(settings->tls.key_file);
	job->bind_dn = mem_strdup(settings->bind.dn);
	job->keytab = mem_strdup(settings->bind.keytab);
	job->principal = mem_strdup(settings->bind.principal);
	job->password = password;
	job->method = settings->bind.method;
	job->starttls = settings->tls.starttls;
	/* The loop gives up first; this, for each step and address, only ends the thread. */
	job->timeout_ms = settings->connect_timeout_ms + CONNECTOR_SPARE_MS;
}

void connector_job_done(struct connector_job *job)
{
	if (job->handle != NULL)
		ldap_unbind_ext(job->handle, NULL, NULL);
	job->handle = NULL;
	secret_free(&job->password);
	free(job->url);
	free(job->ca_file);
	free(job->cert_file);
	free(job->key_file);
	free(job->bind_dn);
	free(job->keytab);
	free(job->principal);
}

static bool wait_connected(int fd, int64_t timeout_ms)
{
	struct pollfd poller = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(errno);
	int failure = 0, count;

	count = poll(&poller, 1, (int)timeout_ms);
	if (count == 0)
		errno = ETIMEDOUT;
	if (count <= 0)
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) == 0)
		errno = failure;
	return errno == 0;
}

static int connect_address(const struct sockaddr *address, socklen_t size, int64_t timeout_ms)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int failure;

	if (fd < 0)
		return -1;
	if (connect(fd, address, size) == 0 ||
	    (errno == EINPROGRESS && wait_connected(fd, timeout_ms))) {
		/* libldap wants to do the waiting itself until the handle is handed over. */
		if (fcntl(fd, F_SETFL, 0) == 0)
			return fd;
	}
	failure = errno;
	close(fd);
	errno = failure;
	return -1;
}

static void name_address(const struct addrinfo *address, struct connector_report *report)
{
	char host[96], port[16];

	if (getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof(host), port,
		sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(report->address, sizeof(report->address),
	    address->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static void keep_alive(int fd)
{
	int on = 1, quiet_s = 30, interval_s = 10, count = 3;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &quiet_s, sizeof(quiet_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

static int connect_tcp(struct connector_job *job, const LDAPURLDesc *url)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG },
			*addresses;
	char port[16];
	int failure, fd = -1;

	snprintf(port, sizeof(port), "%d", url->lud_port);
	failure = getaddrinfo(url->lud_host, port, &hints, &addresses);
	if (failure != 0) {
		err_set(&job->report.err,
		    "cannot connect to %s: cannot resolve %s: %s; check the URL and DNS", job->url,
		    url->lud_host, gai_strerror(failure));
		return -1;
	}
	for (struct addrinfo *next = addresses; next != NULL && fd < 0; next = next->ai_next) {
		name_address(next, &job->report);
		fd = connect_address(next->ai_addr, next->ai_addrlen, job->timeout_ms);
	}
	if (fd < 0)
		err_set(&job->report.err,
		    "cannot connect to %s (%s): %s; check the address, the port and the firewall",
		    job->url, job->report.address, strerror(errno));
	else
		keep_alive(fd);
	freeaddrinfo(addresses);
	return fd;
}

static int connect_local(struct connector_job *job, const LDAPURLDesc *url)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(url->lud_host) >= sizeof(address.sun_path)) {
		err_set(&job->report.err, "cannot connect to %s: the path is too long for a socket",
		    job->url);
		return -1;
	}
	strcpy(address.sun_path, url->lud_host);
	snprintf(job->report.address, sizeof(job->report.address), "%s", url->lud_host);
	fd = connect_address((struct sockaddr *)&address, sizeof(address), job->timeout_ms);
	if (fd < 0)
		err_set(&job->report.err,
		    "cannot connect to %s: %s; check that the server listens there", job->url,
		    strerror(errno));
	return fd;
}

static bool is_scheme(const LDAPURLDesc *url, const char *scheme)
{
	return strcmp(url->lud_scheme, scheme) == 0;
}

static void set_limits(LDAP *handle, int64_t timeout_ms)
{
	struct timeval limit = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	int version = LDAP_VERSION3, never = LDAP_DEREF_NEVER;

	ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_set_option(handle, LDAP_OPT_DEREF, &never);
	ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &limit);
	ldap_set_option(handle, LDAP_OPT_TIMEOUT, &limit);
}

/* @param name_url  the name that a certificate must be for */
static LDAP *open_handle(struct connector_job *job, const LDAPURLDesc *url, const char *name_url)
{
	bool is_local = is_scheme(url, "ldapi");
	int fd = is_local ? connect_local(job, url) : connect_tcp(job, url);
	LDAP *handle = NULL;
	int code;

	if (fd < 0)
		return NULL;
	code = ldap_init_fd(fd, is_local ? LDAP_PROTO_IPC : LDAP_PROTO_TCP, name_url, &handle);
	if (code != LDAP_SUCCESS) {
		close(fd);
		err_set(
		    &job->report.err, "cannot connect to %s: %s", job->url, result_meaning(code));
		return NULL;
	}
	set_limits(handle, job->timeout_ms);
	return handle;
}

static bool can_read(const char *path, const char *what, struct err *reterr)
{
	if (path == NULL || access(path, R_OK) == 0)
		return true;
	err_set(reterr, "cannot read %s %s: %s", what, path, strerror(errno));
	return false;
}

static bool set_tls(LDAP *handle, const struct connector_job *job, int require, struct err *reterr)
{
	int oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, is_server = 0;
	bool is_set;

	if (!can_read(job->ca_file, "ca_file", reterr) ||
	    !can_read(job->cert_file, "cert_file", reterr) ||
	    !can_read(job->key_file, "key_file", reterr))
		return false;
	if (job->ca_file == NULL) {
		err_set(reterr, "there is no file of trusted certificate authorities; set ca_file");
		return false;
	}
	is_set = ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, job->ca_file) == 0 &&
		 ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &require) == 0 &&
		 ldap_set_option(handle, LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest) == 0;
	if (job->cert_file != NULL)
		is_set = is_set &&
			 ldap_set_option(handle, LDAP_OPT_X_TLS_CERTFILE, job->cert_file) == 0 &&
			 ldap_set_option(handle, LDAP_OPT_X_TLS_KEYFILE, job->key_file) == 0;
	if (is_set && ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &is_server) == 0)
		return true;
	err_set(reterr, "ca_file %s%s%s cannot be used for TLS; it must hold certificates in PEM%s",
	    job->ca_file, job->cert_file == NULL ? "" : ", or cert_file ",
	    job->cert_file == NULL ? "" : job->cert_file,
	    job->cert_file == NULL ? "" : ", and key_file the matching key");
	return false;
}

static int start_tls(LDAP *handle, const LDAPURLDesc *url)
{
	return is_scheme(url, "ldaps") ? ldap_install_tls(handle)
				       : ldap_start_tls_s(handle, NULL, NULL);
}

/* The password is hidden in the server's words alone: hidden in ours, it could be read off them. */
static void add_diagnostic(const struct connector_job *job, int code, struct str *out)
{
	struct str words = { 0 };
	char *text = NULL;

	ldap_get_option(job->handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
	if (text != NULL)
		str_add_c(&words, text);
	if (job->password != NULL)
		secret_redact(&words, secret_reveal(job->password));
	result_describe(code, text == NULL ? SPAN_NULL : str_span(&words), out);
	ldap_memfree(text);
	secret_wipe_str(&words);
}

/* Opens another connection only to look at its TLS; nothing is sent over it. */
static LDAP *open_to_look(
    struct connector_job *job, const LDAPURLDesc *url, const char *name_url, int require)
{
	LDAP *handle = open_handle(job, url, name_url);

	if (handle != NULL && set_tls(handle, job, require, NULL) &&
	    start_tls(handle, url) == LDAP_SUCCESS)
		return handle;
	if (handle != NULL)
		ldap_unbind_ext(handle, NULL, NULL);
	return NULL;
}

/* Whether all would be well if the URL had a name that the certificate is for. */
static bool is_name_wrong(struct connector_job *job, const LDAPURLDesc *url, struct span dns_name)
{
	struct str name_url = { 0 };
	LDAP *handle;

	str_addf(&name_url, "%s://", url->lud_scheme);
	for (size_t i = 0; i < dns_name.len; i++)
		if (isalnum((unsigned char)dns_name.at[i]) || strchr("-._", dns_name.at[i]) != NULL)
			str_add_byte(&name_url, dns_name.at[i]);
		else
			str_add_byte(&name_url, 'x'); /* of a wildcard */
	handle = open_to_look(job, url, str_c(&name_url), LDAP_OPT_X_TLS_DEMAND);
	str_done(&name_url);
	if (handle == NULL)
		return false;
	ldap_unbind_ext(handle, NULL, NULL);
	return true;
}

static bool is_localhost(const LDAPURLDesc *url)
{
	return strcasecmp(url->lud_host, "localhost") == 0;
}

static void tell_trouble(struct connector_job *job, const LDAPURLDesc *url)
{
	const struct x509_summary *peer = &job->report.peer;
	enum x509_trouble trouble = job->report.trouble;
	struct str about = { 0 };

	if (trouble == X509_WRONG_NAME) {
		err_set(&job->report.err,
		    "cannot trust %s: its certificate is for %s, not for %s; %s", job->url,
		    peer->names, is_localhost(url) ? "this host's own name" : url->lud_host,
		    is_localhost(url) ? "write 127.0.0.1: libldap takes \"localhost\" for the "
					"host's own name"
				      : x509_trouble_remedy(trouble));
		return;
	}
	x509_describe(peer, job->wall_ms, &about);
	err_set(&job->report.err,
	    "cannot trust %s: the server's certificate (%s) is not trusted by %s: %s; %s", job->url,
	    str_c(&about), job->ca_file, x509_trouble_text(trouble), x509_trouble_remedy(trouble));
	str_done(&about);
}

/* @return whether the handle's peer showed a certificate that can be read */
static bool note_peer(struct connector_job *job, LDAP *handle, struct str *der)
{
	struct berval value = { 0, NULL };

	if (ldap_get_option(handle, LDAP_OPT_X_TLS_PEERCERT, &value) != LDAP_OPT_SUCCESS ||
	    value.bv_val == NULL)
		return false;
	str_add(der, (struct span) { value.bv_val, value.bv_len });
	ldap_memfree(value.bv_val);
	return x509_summarize(str_span(der), &job->report.peer);
}

/* The one thing that libldap says clearly. Source: libraries/libldap/tls_g.c and tls_o.c, 2.5. */
static bool says_wrong_name(struct span why)
{
	return why.len > 0 && memmem(why.at, why.len, "hostname does not match", 23) != NULL;
}

/*
 * The TLS library's words seldom say what is wrong with a certificate.  So it is fetched once more
 * without being verified, and judged by what it says itself.
 */
static bool explain_certificate(struct connector_job *job, const LDAPURLDesc *url, struct span why)
{
	LDAP *handle = open_to_look(job, url, job->url, LDAP_OPT_X_TLS_NEVER);
	struct str der = { 0 };
	struct span name;
	bool is_known;

	if (handle == NULL)
		return false;
	is_known = note_peer(job, handle, &der);
	ldap_unbind_ext(handle, NULL, NULL);
	if (is_known) {
		name = x509_dns_name(str_span(&der));
		job->report.trouble = says_wrong_name(why) ||
					      (name.at != NULL && is_name_wrong(job, url, name))
					  ? X509_WRONG_NAME
					  : x509_judge(&job->report.peer, job->wall_ms);
		tell_trouble(job, url);
	}
	str_done(&der);
	return is_known;
}

static void explain_tls(struct connector_job *job, const LDAPURLDesc *url, int code)
{
	struct str why = { 0 };

	add_diagnostic(job, code, &why);
	if (code > 0)
		err_set(&job->report.err,
		    "cannot start TLS with %s: %s; check that the server offers StartTLS", job->url,
		    str_c(&why));
	else if (!explain_certificate(job, url, str_span(&why)))
		err_set(&job->report.err,
		    "cannot start TLS with %s: %s; check that this port speaks TLS 1.2 or newer, "
		    "and cert_file "
		    "if the server demands one",
		    job->url, str_c(&why));
	str_done(&why);
}

static void describe_tls(struct connector_job *job)
{
	char *version = NULL, *cipher = NULL;
	struct str der = { 0 };

	ldap_get_option(job->handle, LDAP_OPT_X_TLS_VERSION, &version);
	ldap_get_option(job->handle, LDAP_OPT_X_TLS_CIPHER, &cipher);
	snprintf(job->report.tls, sizeof(job->report.tls), "%s, %s, verified with %s",
	    version == NULL ? "TLS" : version, cipher == NULL ? "" : cipher, job->ca_file);
	ldap_memfree(version);
	ldap_memfree(cipher);
	note_peer(job, job->handle, &der);
	str_done(&der);
}

static bool protect(struct connector_job *job, const LDAPURLDesc *url)
{
	int code;

	job->report.stage = CONNECTOR_TLS;
	if (is_scheme(url, "ldapi") || (is_scheme(url, "ldap") && !job->starttls))
		return true;
	if (!set_tls(job->handle, job, LDAP_OPT_X_TLS_DEMAND, &job->report.err)) {
		err_prefix(&job->report.err, "cannot use TLS with %s", job->url);
		return false;
	}
	code = start_tls(job->handle, url);
	if (code != LDAP_SUCCESS) {
		explain_tls(job, url, code);
		return false;
	}
	describe_tls(job);
	return true;
}

static int bind_kerberos(struct connector_job *job, bool is_local)
{
	struct kerberos_input input = { job->keytab, job->principal,
		.is_protected = is_local || job->report.tls[0] != '\0' };
	struct kerberos_outcome outcome;

	kerberos_bind(job->handle, &input, &outcome);
	job->report.err = outcome.err;
	job->report.sealed_bits = outcome.strength_bits;
	job->report.lifetime_s = outcome.lifetime_s;
	return outcome.code;
}

static int bind_now(struct connector_job *job, bool is_local)
{
	struct berval credentials = { 0, NULL };
	struct span password;

	switch (job->method) {
	case DIRECTORY_BIND_ANONYMOUS:
		/* An answer is wanted all the same: it shows that the server speaks LDAP. */
		return ldap_sasl_bind_s(
		    job->handle, "", LDAP_SASL_SIMPLE, &credentials, NULL, NULL, NULL);
	case DIRECTORY_BIND_EXTERNAL:
		credentials.bv_val = (char *)"";
		return ldap_sasl_bind_s(
		    job->handle, NULL, "EXTERNAL", &credentials, NULL, NULL, NULL);
	case DIRECTORY_BIND_SIMPLE:
		password = secret_reveal(job->password);
		credentials = (struct berval) { password.len, (char *)password.at };
		return ldap_sasl_bind_s(
		    job->handle, job->bind_dn, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, NULL);
	case DIRECTORY_BIND_GSSAPI:
		return bind_kerberos(job, is_local);
	}
	return LDAP_AUTH_UNKNOWN;
}

static void explain_bind(struct connector_job *job, int code)
{
	struct str why = { 0 };
	const char *who = job->method == DIRECTORY_BIND_GSSAPI ? job->principal : job->bind_dn;
	const char *meaning;

	if (job->report.err.text[0] != '\0') { /* it did not come to asking the server */
		err_prefix(&job->report.err, "cannot bind to %s", job->url);
		return;
	}
	add_diagnostic(job, code, &why);
	meaning = result_bind_meaning(str_span(&why));
	if (code == LDAP_SERVER_DOWN && job->report.tls[0] != '\0')
		str_add_c(&why, "; does the server demand a client certificate (cert_file)?");
	if (job->method == DIRECTORY_BIND_GSSAPI && code < 0)
		str_add_c(&why, "; check the clock, and that the URL has the server's full name, "
				"as Kerberos knows it");
	err_set(&job->report.err, "cannot bind to %s%s%s: %s%s%s", job->url,
	    who == NULL ? "" : " as ", who == NULL ? "" : who, meaning == NULL ? "" : meaning,
	    meaning == NULL ? "" : "; ", str_c(&why));
	str_done(&why);
}

static bool authenticate(struct connector_job *job, const LDAPURLDesc *url)
{
	int code;

	job->report.stage = CONNECTOR_BIND;
	if (job->skips_bind)
		return false;
	code = bind_now(job, is_scheme(url, "ldapi"));
	job->report.is_refused = code == LDAP_INVALID_CREDENTIALS;
	if (code != LDAP_SUCCESS)
		explain_bind(job, code);
	secret_free(&job->password);
	return code == LDAP_SUCCESS;
}

/*
 * Many messages a read; below TLS, which reads its records in small pieces too.  From now on only
 * the loop waits, so the descriptor must not.
 */
static void make_ready(struct connector_job *job)
{
	ber_len_t ahead = READ_AHEAD_BYTES, most = MESSAGE_MAX_BYTES;
	Sockbuf *sockbuf = NULL;

	ldap_get_option(job->handle, LDAP_OPT_SOCKBUF, &sockbuf);
	ber_sockbuf_add_io(sockbuf, &ber_sockbuf_io_readahead, LBER_SBIOD_LEVEL_PROVIDER + 1, NULL);
	ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_SET_READAHEAD, &ahead);
	ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_SET_MAX_INCOMING, &most);
	ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_SET_NONBLOCK, sockbuf);
	job->report.stage = CONNECTOR_READY;
}

void connector_job_run(struct connector_job *job)
{
	LDAPURLDesc *url = NULL;

	job->report.stage = CONNECTOR_CONNECT;
	if (ldap_url_parse(job->url, &url) != LDAP_URL_SUCCESS) {
		err_set(&job->report.err, "%s is not an LDAP URL", job->url);
		return;
	}
	job->handle = open_handle(job, url, job->url);
	if (job->handle != NULL && protect(job, url) && authenticate(job, url)) {
		make_ready(job);
	} else if (job->handle != NULL) {
		ldap_unbind_ext(job->handle, NULL, NULL);
		job->handle = NULL;
	}
	ldap_free_urldesc(url);
}
