/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/config-file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "service/base/error.h"
#include "service/base/file.h"

/* Where in the text the parser is. */
typedef struct Scanner {
        ConfigFile *file;
        const char *at, *end;
        unsigned line;
} Scanner;

int config_file_wrong(
        const ConfigFile *file, unsigned line, GError **error, const char *format, ...)
{
        g_autofree char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        return error_set(error, ERROR_CONF_SYNTAX, "%s:%u: %s", file->path, line, text);
}

static bool is_name(char byte)
{
        return g_ascii_isalnum(byte) || (byte && strchr("_-.", byte));
}

static char scanner_peek(const Scanner *scanner)
{
        return scanner->at < scanner->end ? *scanner->at : '\0';
}

/* Blanks and comments; over ends of lines only where a value may go on. */
static void scanner_skip(Scanner *scanner, bool lines)
{
        for (; scanner->at < scanner->end; scanner->at++) {
                char byte = *scanner->at;

                if (byte == '#') {
                        while (scanner->at + 1 < scanner->end && scanner->at[1] != '\n')
                                scanner->at++;
                        continue;
                }
                if (byte == '\n' && !lines)
                        return;
                if (!g_ascii_isspace(byte))
                        return;
                scanner->line += byte == '\n';
        }
}

static int parse_string(Scanner *scanner, char **ret, GError **error)
{
        unsigned first = scanner->line;
        const char *quote = scanner->at, *end;
        size_t left = scanner->end - quote;
        size_t n = left >= 3 && memcmp(quote, "\"\"\"", 3) == 0 ? 3 : 1;

        scanner->at += n;
        end = memmem(scanner->at, scanner->end - scanner->at, quote, n);
        if (!end || (n == 1 && memchr(scanner->at, '\n', end - scanner->at)))
                return config_file_wrong(scanner->file, first, error, "a string does not end");
        if (!g_utf8_validate(scanner->at, end - scanner->at, NULL))
                return config_file_wrong(scanner->file, first, error, "a string is no UTF-8");
        for (const char *byte = scanner->at; byte < end; byte++)
                scanner->line += *byte == '\n';
        *ret = g_strndup(scanner->at, end - scanner->at);
        scanner->at = end + n;
        return 0;
}

static int parse_number(Scanner *scanner, int64_t *ret, GError **error)
{
        const char *begin = scanner->at;
        g_autofree char *digits = NULL;

        while (scanner->at < scanner->end && (g_ascii_isalnum(*scanner->at) || *scanner->at == '-'))
                scanner->at++;
        digits = g_strndup(begin, scanner->at - begin);
        if (!g_ascii_string_to_signed(digits, 10, G_MININT64, G_MAXINT64, ret, NULL))
                return config_file_wrong(
                        scanner->file, scanner->line, error, "'%s' is no number", digits);
        return 0;
}

static int parse_list(Scanner *scanner, ConfigValue *value, GError **error)
{
        scanner->at++;
        for (;;) {
                scanner_skip(scanner, true);
                if (scanner_peek(scanner) == ']') {
                        scanner->at++;
                        return 0;
                }
                if (scanner_peek(scanner) != '"' && scanner_peek(scanner) != '\'')
                        return config_file_wrong(scanner->file, scanner->line, error,
                                "a list has strings in it, and ends with ']'");
                value->items = g_renew(ConfigItem, value->items, value->n_items + 1);
                value->items[value->n_items] = (ConfigItem){ .line = scanner->line };
                if (parse_string(scanner, &value->items[value->n_items].text, error) < 0)
                        return -1;
                value->n_items++;
                scanner_skip(scanner, true);
                if (scanner_peek(scanner) == ',')
                        scanner->at++;
                else if (scanner_peek(scanner) != ']')
                        return config_file_wrong(scanner->file, scanner->line, error,
                                "there is no ',' or ']' after an item of a list");
        }
}

static int parse_value(Scanner *scanner, ConfigValue *value, GError **error)
{
        char first = scanner_peek(scanner);

        value->line = scanner->line;
        if (first == '"' || first == '\'') {
                value->kind = CONFIG_STRING;
                return parse_string(scanner, &value->text, error);
        }
        if (first == '[') {
                value->kind = CONFIG_LIST;
                return parse_list(scanner, value, error);
        }
        value->kind = CONFIG_NUMBER;
        if (g_ascii_isdigit(first) || first == '-')
                return parse_number(scanner, &value->number, error);
        return config_file_wrong(scanner->file, scanner->line, error,
                "'%s' has no value: a number, a \"string\" or a list [ \"one\", \"two\" ]",
                value->name);
}

static void value_clear(ConfigValue *value)
{
        for (size_t i = 0; i < value->n_items; i++)
                g_free(value->items[i].text);
        g_free(value->items);
        g_free(value->text);
        g_free(value->name);
}

/* A file of settings has some dozens; this keeps the search for each harmless. */
#define VALUES_MAX 1000

static ConfigValue *find(ConfigFile *file, const char *name)
{
        for (size_t i = 0; i < file->n_values; i++)
                if (strcmp(file->values[i].name, name) == 0)
                        return &file->values[i];
        return NULL;
}

/* Takes over the value. */
static int keep(ConfigFile *file, ConfigValue *value, GError **error)
{
        ConfigValue *place = find(file, value->name);

        if (place)
                value_clear(place);
        else if (file->n_values == VALUES_MAX)
                return config_file_wrong(
                        file, value->line, error, "there are more than %d settings", VALUES_MAX);
        else {
                file->values = g_renew(ConfigValue, file->values, file->n_values + 1);
                place = &file->values[file->n_values++];
        }
        *place = *value;
        *value = (ConfigValue){ 0 };
        return 0;
}

static int parse_line(Scanner *scanner, GError **error)
{
        const char *begin = scanner->at;
        ConfigValue value = { 0 };
        int r;

        while (scanner->at < scanner->end && is_name(*scanner->at))
                scanner->at++;
        if (scanner->at == begin)
                return config_file_wrong(
                        scanner->file, scanner->line, error, "a line begins with no name");
        value.name = g_strndup(begin, scanner->at - begin);
        scanner_skip(scanner, false);
        if (scanner_peek(scanner) == '=') {
                scanner->at++;
                scanner_skip(scanner, false);
                r = parse_value(scanner, &value, error);
        } else
                r = config_file_wrong(scanner->file, scanner->line, error,
                        "there is no '=' after '%s'", value.name);
        scanner_skip(scanner, false);
        if (r >= 0 && scanner->at < scanner->end && *scanner->at != '\n')
                r = config_file_wrong(scanner->file, scanner->line, error,
                        "there is something behind the value of '%s'", value.name);
        if (r >= 0)
                r = keep(scanner->file, &value, error);
        value_clear(&value);
        return r;
}

int config_file_parse(
        const char *path, const char *bytes, size_t size, ConfigFile **ret, GError **error)
{
        g_autoptr(ConfigFile) file = g_new0(ConfigFile, 1);
        Scanner scanner = { .file = file, .at = bytes, .end = bytes + size, .line = 1 };

        file->path = g_strdup(path);
        for (;;) {
                scanner_skip(&scanner, true);
                if (scanner.at == scanner.end)
                        break;
                if (parse_line(&scanner, error) < 0)
                        return -1;
        }
        *ret = g_steal_pointer(&file);
        return 0;
}

int config_file_read(const char *path, ConfigFile **ret, GError **error)
{
        g_autofree char *bytes = NULL;
        size_t size = 0;
        int r;

        r = file_read(path, CONFIG_FILE_SIZE_MAX, &bytes, &size);
        if (r < 0 && r != -ENOENT)
                return error_set(error, ERROR_READ_FAILED, "'%s': %s", path, g_strerror(-r));
        return config_file_parse(path, bytes ?: "", size, ret, error);
}

ConfigFile *config_file_free(ConfigFile *file)
{
        if (!file)
                return NULL;
        for (size_t i = 0; i < file->n_values; i++)
                value_clear(&file->values[i]);
        g_free(file->values);
        g_free(file->path);
        g_free(file);
        return NULL;
}

const ConfigValue *config_file_get(ConfigFile *file, const char *name)
{
        ConfigValue *value = find(file, name);

        if (value)
                value->seen = true;
        return value;
}

int config_file_number(
        ConfigFile *file, const char *name, int64_t min, int64_t max, int64_t *ret, GError **error)
{
        const ConfigValue *value = config_file_get(file, name);

        if (!value)
                return 0;
        if (value->kind != CONFIG_NUMBER)
                return config_file_wrong(file, value->line, error, "'%s' takes a number", name);
        if (value->number < min || value->number > max)
                return config_file_wrong(file, value->line, error,
                        "'%s' is from %" PRId64 " to %" PRId64 ", not %" PRId64, name, min, max,
                        value->number);
        *ret = value->number;
        return 0;
}

int config_file_string(ConfigFile *file, const char *name, const char **ret, GError **error)
{
        const ConfigValue *value = config_file_get(file, name);

        if (!value)
                return 0;
        if (value->kind != CONFIG_STRING)
                return config_file_wrong(file, value->line, error, "'%s' takes a string", name);
        *ret = value->text;
        return 0;
}

int config_file_list(ConfigFile *file, const char *name, const ConfigValue **ret, GError **error)
{
        const ConfigValue *value = config_file_get(file, name);

        *ret = NULL;
        if (!value)
                return 0;
        if (value->kind != CONFIG_LIST)
                return config_file_wrong(
                        file, value->line, error, "'%s' takes a list of strings", name);
        *ret = value;
        return 0;
}
