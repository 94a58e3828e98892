/* SPDX-License-Identifier: ISC */
/*
 * What every HTML report carries along.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

/* Lines, each with its line end; NULL behind the last. */
extern const char *const report_page_style[];  /* CSS, the content of <style> */
extern const char *const report_page_script[]; /* JavaScript, the content of <script> */

#endif
