# SPDX-License-Identifier: ISC
# Completion of scimward for fish.
# Made by contrib/completion/generate from the help of scimward: change that, not this.

# What stands before the cursor and is no option, nor the value of one.
function __scimward_words
    set -l expects ''
    for word in (commandline -opc)[2..-1]
        if test -n "$expects"
            set expects ''
            continue
        end
        switch $word
            case -c --config --format --kind --user -o --out --since --until --head --history --directory --ca-file --bind --bind-dn --bind-password --keytab --cert-file --key-file --base --filter --tenant --profile --auth --auth-url --auth-user --credential --auth-cert-file --auth-key-file --client-id --refresh-token-file --tenant-ca-file --proxy --protect
                set expects $word
            case '-*'
            case '*'
                echo -- $word
        end
    end
end

# Whether the command is one of these; '' is none.
function __scimward_in
    set -l words (__scimward_words)
    set -l command "$words[1]"
    if test "$command" = audit
        set command "$words[1..2]"
    end
    contains -- "$command" $argv
end

# Whether these words, and no others, stand there.
function __scimward_behind
    set -l words (__scimward_words)
    test "$words" = "$argv"
end

complete -c scimward -f
complete -c scimward -n __scimward_behind -a init -d 'a first configuration: looks at directory and tenant, proposes, writes it'
complete -c scimward -n __scimward_behind -a run -d 'the service, in the foreground'
complete -c scimward -n __scimward_behind -a sync -d 'one cycle: read the directory, show or send the difference'
complete -c scimward -n __scimward_behind -a apply -d 'exactly this saved plan, or nothing when the world has moved on'
complete -c scimward -n __scimward_behind -a explain -d 'one person: scope, rules, workspaces, account, holds, history, what comes next'
complete -c scimward -n __scimward_behind -a check -d 'the configuration, then each peer, one line a step'
complete -c scimward -n __scimward_behind -a status -d 'the service that runs, the snapshot, the last runs, who is in quarantine'
complete -c scimward -n __scimward_behind -a holds -d 'what waits for a person\'s word, and why'
complete -c scimward -n __scimward_behind -a approve -d 'let the actions of hold N go'
complete -c scimward -n __scimward_behind -a reject -d 'drop the actions of hold N until they change'
complete -c scimward -n __scimward_behind -a undo -d 'take back what a run did: its number, or last'
complete -c scimward -n __scimward_behind -a audit -d 'verify, export'
complete -c scimward -n __scimward_behind -a report -d 'for an audit: what changed, who has access, what others changed, the runs'
complete -c scimward -n __scimward_behind -a login -d 'let the agent into the tenant, for tenant.auth.method = "oauth-device"'
complete -c scimward -n __scimward_behind -a reload -d 'have the service that runs read its configuration again'
complete -c scimward -n '__scimward_behind audit' -a verify -d 'prove that no record of the audit trail was touched'
complete -c scimward -n '__scimward_behind audit' -a export -d 'the audit trail, a JSON object a line'
complete -c scimward -n '__scimward_behind apply' -F
complete -c scimward -n '__scimward_behind undo' -a 'last'
complete -c scimward -n '__scimward_behind report' -a 'changes access drift runs'
complete -c scimward -s c -l config -r -F -d 'the configuration (/etc/scimward/scimward.conf)'
complete -c scimward -l format -n "__scimward_in ''" -x -a 'text json html csv' -d 'how results are written; report: also csv, html; --dry-run: html'
complete -c scimward -l format -n "__scimward_in 'init' 'run' 'apply' 'explain' 'check' 'status' 'holds' 'approve' 'reject' 'audit verify' 'audit export' 'login' 'reload'" -x -a 'text json' -d 'how results are written; report: also csv, html; --dry-run: html'
complete -c scimward -l format -n "__scimward_in 'sync' 'undo'" -x -a 'text json html' -d 'how results are written; report: also csv, html; --dry-run: html'
complete -c scimward -l format -n "__scimward_in 'report'" -x -a 'text json csv html' -d 'how results are written; report: also csv, html; --dry-run: html'
complete -c scimward -l json -d 'short for --format json'
complete -c scimward -l dry-run -n "__scimward_in '' 'sync' 'undo'" -d 'plan only; alone: sync --dry-run --kind reconcile'
complete -c scimward -l kind -n "__scimward_in '' 'sync'" -x -a 'delta full reconcile' -d 'what is read (reconcile when nobody is linked, else full)'
complete -c scimward -l user -n "__scimward_in '' 'sync'" -x -d 'one person only: userName, DN, key, externalId or account id'
complete -c scimward -s o -l out -n "__scimward_in '' 'init' 'sync' 'report'" -r -F -d 'the report into a file; with --dry-run: the plan as JSON; init: the configuration'
complete -c scimward -l since -n "__scimward_in '' 'audit export' 'report'" -x -d 'from then on: a date, a time (ISO 8601), or how long ago (7d)'
complete -c scimward -l until -n "__scimward_in '' 'report'" -x -d 'before then; a date: to the end of that day'
complete -c scimward -l detailed-exitcode -n "__scimward_in '' 'sync' 'undo'" -d 'with --dry-run: exit 2 when changes are pending'
complete -c scimward -s y -l yes -n "__scimward_in '' 'init' 'undo'" -d 'do not ask (without a terminal nobody is asked)'
complete -c scimward -l head -n "__scimward_in '' 'audit verify'" -x -d 'a hash that was kept elsewhere and must be in the trail'
complete -c scimward -l history -n "__scimward_in '' 'explain'" -x -d 'how many actions of the past are shown (10)'
complete -c scimward -l whole -n "__scimward_in '' 'explain'" -d 'plan everybody\'s changes, so that limits count too; reads all of directory and tenant'
complete -c scimward -s w -l watch -n "__scimward_in '' 'status'" -d 'show it again whenever it changes, as long as the service runs'
complete -c scimward -l offline -n "__scimward_in '' 'init' 'check'" -d 'check: the configuration only; init: without looking at anything'
complete -c scimward -s q -l quiet -d 'nothing on standard error but errors'
complete -c scimward -s v -l verbose -d 'log in full, as with log.level = "debug"'
complete -c scimward -s h -l help -d 'this text'
complete -c scimward -s V -l version -d 'the version'
complete -c scimward -l directory -n "__scimward_in '' 'init'" -x -d 'ldaps://HOST (several: with commas), a domain for DNS, or file:///PATH of an LDIF file'
complete -c scimward -l ca-file -n "__scimward_in '' 'init'" -r -F -d 'PEM file of the authorities that the directory is trusted by'
complete -c scimward -l starttls -n "__scimward_in '' 'init'" -d 'turn ldap:// into TLS'
complete -c scimward -l allow-cleartext -n "__scimward_in '' 'init'" -d 'allow ldap:// and http:// without TLS, for tests'
complete -c scimward -l bind -n "__scimward_in '' 'init'" -x -a 'simple external gssapi anonymous' -d 'simple (the default), external, gssapi or anonymous'
complete -c scimward -l bind-dn -n "__scimward_in '' 'init'" -x -d 'who reads the directory'
complete -c scimward -l bind-password -n "__scimward_in '' 'init'" -x -d 'where the password is: file:/PATH, env:NAME or credential:NAME; never itself'
complete -c scimward -l bind-password-stdin -n "__scimward_in '' 'init'" -d 'it is the first line of standard input, and is stored'
complete -c scimward -l keytab -n "__scimward_in '' 'init'" -r -F -d 'with --bind gssapi: a path or credential:NAME'
complete -c scimward -l cert-file -n "__scimward_in '' 'init'" -r -F -d 'with --bind external: PEM file of the certificate'
complete -c scimward -l key-file -n "__scimward_in '' 'init'" -r -F -d 'and of its private key'
complete -c scimward -l base -n "__scimward_in '' 'init'" -x -d 'below which users are (what the server names)'
complete -c scimward -l filter -n "__scimward_in '' 'init'" -x -d 'that users match (people who can have a login)'
complete -c scimward -l tenant -n "__scimward_in '' 'init'" -x -d 'us1, eu3 …: where the tenant is; or the URL of its SCIM API'
complete -c scimward -l profile -n "__scimward_in '' 'init'" -x -a 'anaplan generic' -d 'what kind of SCIM server it is'
complete -c scimward -l auth -n "__scimward_in '' 'init'" -x -a 'api-key basic certificate oauth-device' -d 'api-key (the default), basic, certificate or oauth-device; none with --profile generic'
complete -c scimward -l auth-url -n "__scimward_in '' 'init'" -x -d 'the region\'s authentication host, where --tenant is a URL'
complete -c scimward -l auth-user -n "__scimward_in '' 'init'" -x -d 'with --auth basic: who logs in'
complete -c scimward -l credential -n "__scimward_in '' 'init'" -x -d 'where the API key or password is: as --bind-password'
complete -c scimward -l credential-stdin -n "__scimward_in '' 'init'" -d 'it is the next line of standard input, and is stored'
complete -c scimward -l auth-cert-file -n "__scimward_in '' 'init'" -r -F -d 'with --auth certificate: PEM file of the certificate'
complete -c scimward -l auth-key-file -n "__scimward_in '' 'init'" -r -F -d 'and of its private key'
complete -c scimward -l client-id -n "__scimward_in '' 'init'" -x -d 'with --auth oauth-device: the client that is registered in Anaplan'
complete -c scimward -l refresh-token-file -n "__scimward_in '' 'init'" -r -F -d 'where its token is to be kept (beside the state)'
complete -c scimward -l tenant-ca-file -n "__scimward_in '' 'init'" -r -F -d 'PEM file of the authorities that the tenant is trusted by'
complete -c scimward -l proxy -n "__scimward_in '' 'init'" -x -d 'the proxy towards the tenant'
complete -c scimward -l protect -n "__scimward_in '' 'init'" -x -d 'userNames that are never changed: the credential\'s owner; with commas'
complete -c scimward -l force -n "__scimward_in '' 'init'" -d 'replace what is there; it is kept as FILE.old'
