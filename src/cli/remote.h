/* SPDX-License-Identifier: ISC */
/*
 * Asking the service that runs, instead of doing it here.
 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include "cli/program.h"
#include "control/codec.h"

/**
 * Asks the service of the configuration, if one runs, shows progress, and prints what it answers.
 *
 * @param program  whose configuration was read
 * @param request  without what is said of who asks, and of standard output
 * @param ret_code  its exit code, after having said why
 * @return false: nobody is there to be asked, so that the command does it alone
 */
bool remote_ask(
    struct program *program, const struct control_request *request, enum exit_code *ret_code);

#endif
