/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A shared object of the right name that is no plugin. */
extern int nothing;
int nothing;
