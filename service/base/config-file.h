/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Configuration files in the format that libvirt's daemons and clients use:
 *
 *      # a comment
 *      name = 15
 *      name = "text"            'text' and """text, over lines""" too; there are no escapes
 *      name = [ "one", "two", ] over lines, too
 *
 * Names are letters, digits and "_-.". A name that stands twice has its last value. Source: the
 * comments in the files that libvirt installs.
 */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CONFIG_FILE_SIZE_MAX (1024 * 1024)

typedef enum ConfigKind {
        CONFIG_NUMBER,
        CONFIG_STRING,
        CONFIG_LIST,
} ConfigKind;

typedef struct ConfigItem {
        char *text;
        unsigned line;
} ConfigItem;

typedef struct ConfigValue {
        char *name;
        unsigned line;
        bool seen; /* somebody asked for it */
        ConfigKind kind;
        int64_t number;
        char *text;        /* of a string */
        ConfigItem *items; /* of a list */
        size_t n_items;
} ConfigValue;

typedef struct ConfigFile {
        char *path; /* for messages */
        ConfigValue *values;
        size_t n_values;
} ConfigFile;

/* Parses size bytes, which need not end in a NUL. 0, or -1 with ERROR_CONF_SYNTAX, which names path
 * and line. */
int config_file_parse(
        const char *path, const char *bytes, size_t size, ConfigFile **ret, GError **error);

/* Reads and parses. A file that is not there is an empty one. 0, or -1 with ERROR_READ_FAILED or
 * ERROR_CONF_SYNTAX. */
int config_file_read(const char *path, ConfigFile **ret, GError **error);

ConfigFile *config_file_free(ConfigFile *file);

/* NULL: it is not set. */
const ConfigValue *config_file_get(ConfigFile *file, const char *name);

/* *ret is left alone where the name is not set. 0, or -1 with ERROR_CONF_SYNTAX where the value is
 * of another kind, or a number out of its range. Strings and lists are borrowed. */
int config_file_number(
        ConfigFile *file, const char *name, int64_t min, int64_t max, int64_t *ret, GError **error);
int config_file_string(ConfigFile *file, const char *name, const char **ret, GError **error);
/* *ret NULL: not set. */
int config_file_list(ConfigFile *file, const char *name, const ConfigValue **ret, GError **error);

/* Always returns -1, with "path:line: text". */
int config_file_wrong(const ConfigFile *file, unsigned line, GError **error, const char *format,
        ...) G_GNUC_PRINTF(4, 5);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConfigFile, config_file_free)
