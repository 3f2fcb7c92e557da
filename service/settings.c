/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/settings.h"

#include <string.h>

#include "config.h"
#include "service/base/config-file.h"

typedef enum SettingKind {
        SETTING_BOOL,
        SETTING_INT,
        SETTING_TEXT,
        SETTING_TEXTS,
        SETTING_LOGIN,
} SettingKind;

typedef struct Setting {
        const char *name;
        SettingKind kind;
        size_t offset;
        int min, max;
        const char *text; /* default */
        int number;
} Setting;

#define AT(field) #field, .offset = offsetof(Settings, field)
#define BOOL(field, standard)                                                 \
        {                                                                     \
                AT(field), .kind = SETTING_BOOL, .max = 1, .number = standard \
        }
#define INT(field, least, most, standard)                                                     \
        {                                                                                     \
                AT(field), .kind = SETTING_INT, .min = least, .max = most, .number = standard \
        }
#define TEXT(field, standard)                                     \
        {                                                         \
                AT(field), .kind = SETTING_TEXT, .text = standard \
        }
#define TEXTS(field)                             \
        {                                        \
                AT(field), .kind = SETTING_TEXTS \
        }
#define LOGIN(field, standard)                                       \
        {                                                            \
                AT(field), .kind = SETTING_LOGIN, .number = standard \
        }

/* In virtbusd.conf. */
static const Setting own_settings[] = {
        BOOL(wire, true),
        BOOL(listen_tcp, false),
        BOOL(listen_tls, false),
        TEXT(listen_addr, NULL),
        TEXT(tcp_port, "16509"),
        TEXT(tls_port, "16514"),
        TEXT(unix_sock_dir, NULL),
        TEXT(unix_sock_group, NULL),
        TEXT(unix_sock_ro_perms, "0777"),
        TEXT(unix_sock_rw_perms, NULL),
        /* Every call is asked of polkit by itself; a login besides is for those who want it. */
        LOGIN(auth_unix_ro, WIRE_LOGIN_NONE),
        LOGIN(auth_unix_rw, WIRE_LOGIN_NONE),
        LOGIN(auth_tcp, WIRE_LOGIN_SASL),
        LOGIN(auth_tls, WIRE_LOGIN_NONE),
        INT(tcp_min_ssf, 112, 65536, 112),
        TEXTS(sasl_allowed_username_list),
        TEXT(key_file, NULL),
        TEXT(cert_file, NULL),
        TEXT(ca_file, NULL),
        TEXT(crl_file, NULL),
        BOOL(tls_no_verify_certificate, false),
        BOOL(tls_no_sanity_certificate, false),
        TEXTS(tls_allowed_dn_list),
        TEXT(tls_priority, NULL),
        INT(max_clients, 1, 65536, 5000),
        INT(max_queued_clients, 1, 65536, 1000),
        INT(max_anonymous_clients, 1, 65536, 20),
        INT(max_client_requests, 1, 1024, 5),
        INT(keepalive_interval, -1, 86400, 5),
        INT(keepalive_count, 0, 1000, 5),
};

/* In both files; virtbusd.conf has the last word. */
static const Setting shared_settings[] = {
        TEXT(uri_default, NULL),
        TEXT(remote_mode, NULL),
        TEXT(remote_proxy, NULL),
};

ENUM_TABLE(wire_login_table, "login", _WIRE_LOGIN_MAX, "none", "polkit", "sasl");

static Settings *current;

static void *field(Settings *settings, const Setting *setting)
{
        return (char *)settings + setting->offset;
}

static void setting_clear(Settings *settings, const Setting *setting)
{
        if (setting->kind == SETTING_TEXT)
                g_clear_pointer((char **)field(settings, setting), g_free);
        if (setting->kind == SETTING_TEXTS)
                g_clear_pointer((char ***)field(settings, setting), g_strfreev);
}

static Settings *settings_free(Settings *settings)
{
        if (!settings)
                return NULL;
        for (unsigned i = 0; i < G_N_ELEMENTS(own_settings); i++)
                setting_clear(settings, &own_settings[i]);
        for (unsigned i = 0; i < G_N_ELEMENTS(shared_settings); i++)
                setting_clear(settings, &shared_settings[i]);
        g_hash_table_unref(settings->aliases);
        g_ptr_array_unref(settings->wrong);
        g_free(settings);
        return NULL;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settings, settings_free)

static void setting_default(Settings *settings, const Setting *setting)
{
        switch (setting->kind) {
        case SETTING_BOOL:
                *(bool *)field(settings, setting) = setting->number;
                break;
        case SETTING_INT:
                *(int *)field(settings, setting) = setting->number;
                break;
        case SETTING_LOGIN:
                *(WireLogin *)field(settings, setting) = setting->number;
                break;
        case SETTING_TEXT:
                *(char **)field(settings, setting) = g_strdup(setting->text);
                break;
        case SETTING_TEXTS:
                break;
        }
}

static Settings *settings_new(void)
{
        Settings *settings = g_new0(Settings, 1);

        settings->n_ref = 1;
        for (unsigned i = 0; i < G_N_ELEMENTS(own_settings); i++)
                setting_default(settings, &own_settings[i]);
        settings->aliases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        settings->wrong = g_ptr_array_new_with_free_func(g_free);
        return settings;
}

static int read_login(ConfigFile *file, const Setting *setting, WireLogin *ret, GError **error)
{
        const char *text = NULL;
        int login;

        if (config_file_string(file, setting->name, &text, error) < 0)
                return -1;
        if (!text)
                return 0;
        login = enum_value(&wire_login_table, text);
        if (login < 0)
                return config_file_wrong(file, config_file_get(file, setting->name)->line, error,
                        "'%s' is none, polkit or sasl, not '%s'", setting->name, text);
        *ret = login;
        return 0;
}

static int read_texts(ConfigFile *file, const Setting *setting, char ***ret, GError **error)
{
        const ConfigValue *list;

        if (config_file_list(file, setting->name, &list, error) < 0)
                return -1;
        if (!list)
                return 0;
        g_strfreev(*ret);
        *ret = g_new0(char *, list->n_items + 1);
        for (size_t i = 0; i < list->n_items; i++)
                (*ret)[i] = g_strdup(list->items[i].text);
        return 0;
}

static int setting_read(
        Settings *settings, const Setting *setting, ConfigFile *file, GError **error)
{
        void *place = field(settings, setting);
        const char *text = NULL;
        int64_t number;

        switch (setting->kind) {
        case SETTING_TEXT:
                if (config_file_string(file, setting->name, &text, error) < 0)
                        return -1;
                if (text) {
                        g_free(*(char **)place);
                        *(char **)place = g_strdup(text);
                }
                return 0;
        case SETTING_TEXTS:
                return read_texts(file, setting, place, error);
        case SETTING_LOGIN:
                return read_login(file, setting, place, error);
        case SETTING_BOOL:
                number = *(bool *)place;
                if (config_file_number(file, setting->name, 0, 1, &number, error) < 0)
                        return -1;
                *(bool *)place = number;
                return 0;
        case SETTING_INT:
                number = *(int *)place;
                if (config_file_number(
                            file, setting->name, setting->min, setting->max, &number, error) < 0)
                        return -1;
                *(int *)place = number;
                return 0;
        }
        g_assert_not_reached();
}

static int read_all(
        Settings *settings, const Setting *table, size_t n, ConfigFile *file, GError **error)
{
        for (size_t i = 0; i < n; i++)
                if (setting_read(settings, &table[i], file, error) < 0)
                        return -1;
        return 0;
}

static void take_wrong(Settings *settings, GError *error)
{
        g_warning("%s", error->message);
        g_ptr_array_add(settings->wrong, g_strdup(error->message));
        g_error_free(error);
}

bool settings_is_alias(const char *name)
{
        return name[0] && !name[strspn(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_-")];
}

static int read_alias(
        Settings *settings, const ConfigFile *file, const ConfigItem *item, GError **error)
{
        const char *equals = strchr(item->text, '=');
        g_autofree char *name = NULL;

        if (!equals || !equals[1])
                return config_file_wrong(file, item->line, error,
                        "alias '%s' is not written as name=URI", item->text);
        name = g_strndup(item->text, equals - item->text);
        if (!settings_is_alias(name))
                return config_file_wrong(file, item->line, error,
                        "the name of an alias has letters, digits, '_' and '-' in it, not '%s'",
                        name);
        g_hash_table_replace(settings->aliases, g_steal_pointer(&name), g_strdup(equals + 1));
        return 0;
}

/* Settings that clients share. One wrong alias does not take the others with it. */
static int read_shared(Settings *settings, ConfigFile *file, GError **error)
{
        const ConfigValue *list;

        if (read_all(settings, shared_settings, G_N_ELEMENTS(shared_settings), file, error) < 0)
                return -1;
        if (config_file_list(file, "uri_aliases", &list, error) < 0)
                return -1;
        for (size_t i = 0; list && i < list->n_items; i++) {
                GError *problem = NULL;

                if (read_alias(settings, file, &list->items[i], &problem) < 0)
                        take_wrong(settings, problem);
        }
        return 0;
}

static char *file_path(Instance instance, const char *folder, const char *name)
{
        return g_build_filename(instance == INSTANCE_SYSTEM ? SYSCONFDIR : g_get_user_config_dir(),
                folder, name, NULL);
}

/* It is libvirt's, and has settings that are none of ours. */
static void read_client_file(Settings *settings, Instance instance)
{
        g_autofree char *path = file_path(instance, "libvirt", "libvirt.conf");
        g_autoptr(ConfigFile) file = NULL;
        GError *problem = NULL;

        if (config_file_read(path, &file, &problem) < 0 ||
                read_shared(settings, file, &problem) < 0)
                take_wrong(settings, problem);
}

static int read_own_file(Settings *settings, Instance instance, GError **error)
{
        g_autofree char *path = file_path(instance, "virtbus", "virtbusd.conf");
        g_autoptr(ConfigFile) file = NULL;

        if (config_file_read(path, &file, error) < 0 ||
                read_all(settings, own_settings, G_N_ELEMENTS(own_settings), file, error) < 0 ||
                read_shared(settings, file, error) < 0)
                return -1;
        for (size_t i = 0; i < file->n_values; i++)
                if (!file->values[i].seen)
                        g_warning("%s:%u: there is no setting '%s'", file->path,
                                file->values[i].line, file->values[i].name);
        return 0;
}

const Settings *settings(void)
{
        if (!current)
                current = settings_new();
        return current;
}

const Settings *settings_ref(const Settings *settings)
{
        ((Settings *)settings)->n_ref++;
        return settings;
}

const Settings *settings_unref(const Settings *settings)
{
        if (settings && --((Settings *)settings)->n_ref == 0)
                settings_free((Settings *)settings);
        return NULL;
}

int settings_load(Instance instance, GError **error)
{
        g_autoptr(Settings) loaded = settings_new();

        read_client_file(loaded, instance);
        if (read_own_file(loaded, instance, error) < 0)
                return -1;
        settings_unref(current);
        current = g_steal_pointer(&loaded);
        return 0;
}

void settings_finish(void)
{
        settings_unref(current);
        current = NULL;
}

const char *settings_alias(const char *name)
{
        return g_hash_table_lookup(settings()->aliases, name);
}
