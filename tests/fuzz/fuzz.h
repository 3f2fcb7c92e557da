/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Fuzz targets. Each gives any bytes to one reader of foreign bytes, and fails where that crashes,
 * leaks, makes GLib warn, takes too long, or breaks what the target asserts.
 *
 * A target is fuzz-NAME.c with LLVMFuzzerTestOneInput(), and a row in meson.build. A comment in it
 * says what to begin with, from the top of the tree:
 *
 *      Seeds: tests/data/domain tests/data/domain/corpus.py
 *
 * A folder stands for its files; a file for itself, NAME.lines for its lines, one seed each; a
 * program for what it writes into the folder that it is called with. `tests/fuzz/run` builds and
 * runs all of them.
 */

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* libFuzzer's entries. The first is in fuzz.c: what GLib warns of is a fault. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
