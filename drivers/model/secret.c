/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/secret.h"

#include "drivers/model/document.h"

ENUM_TABLE(secret_usage_names, "usage of a secret", SECRET_USAGE_MAX, [SECRET_USAGE_NONE] = "none",
        [SECRET_USAGE_VOLUME] = "volume", [SECRET_USAGE_CEPH] = "ceph",
        [SECRET_USAGE_ISCSI] = "iscsi", [SECRET_USAGE_TLS] = "tls", [SECRET_USAGE_VTPM] = "vtpm");

/* In the order in which libvirt writes. */
static const BindRow usage_rows[] = {
        ATTRIBUTE("type", SecretUsage, type, ENUM(secret_usage_names), REQUIRED),
        ELEMENT("volume", SecretUsage, volume, STRING),
        ELEMENT("name", SecretUsage, name, STRING),
        ELEMENT("target", SecretUsage, target, STRING),
        BIND_END,
};
static const BindType usage_type = BIND_TYPE(SecretUsage, usage_rows);

static const BindRow secret_rows[] = {
        ATTRIBUTE("ephemeral", SecretConfig, ephemeral, YES_NO),
        ATTRIBUTE("private", SecretConfig, private, YES_NO),
        ELEMENT("uuid", SecretConfig, uuid, STRING),
        ELEMENT("description", SecretConfig, description, STRING),
        POINTER("usage", SecretConfig, usage, usage_type),
        BIND_END,
};
static const BindType secret_type = BIND_TYPE(SecretConfig, secret_rows);

static const DocumentKind secret_kind = {
        .root = "secret", .what = "definition_of_secret", .type = &secret_type
};

int secret_config_parse(const char *xml, SecretConfig **ret, GError **error)
{
        g_autoptr(SecretConfig) config = NULL;

        if (document_parse(&secret_kind, xml, 0, (void **)&config, error) < 0 ||
                document_check_uuid(&config->uuid, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

static const char *usage_id(
        SecretUsageType type, const char *volume, const char *name, const char *target)
{
        switch (type) {
        case SECRET_USAGE_VOLUME:
                return volume;
        case SECRET_USAGE_ISCSI:
                return target;
        case SECRET_USAGE_CEPH:
        case SECRET_USAGE_TLS:
        case SECRET_USAGE_VTPM:
                return name;
        default:
                return NULL;
        }
}

int secret_config_identify(const char *xml, char **ret_uuid, SecretUsageType *ret_type,
        char **ret_usage, GError **error)
{
        g_autofree char *uuid = NULL, *word = NULL, *volume = NULL, *name = NULL, *target = NULL;
        const DocumentField fields[] = { { "uuid", &uuid }, { "usage/@type", &word },
                { "usage/volume", &volume }, { "usage/name", &name }, { "usage/target", &target } };
        int type = SECRET_USAGE_NONE;

        if (document_identify(&secret_kind, xml, fields, G_N_ELEMENTS(fields), error) < 0 ||
                document_check_uuid(&uuid, error) < 0)
                return -1;
        if (word && (type = enum_value(&secret_usage_names, word)) < 0)
                return error_set(
                        error, ERROR_CONFIG_UNSUPPORTED, "unknown secret usage type %s", word);
        *ret_type = (SecretUsageType)type;
        *ret_usage = g_strdup(usage_id((SecretUsageType)type, volume, name, target));
        *ret_uuid = g_steal_pointer(&uuid);
        return 0;
}

SecretUsageType secret_config_usage_type(const SecretConfig *config)
{
        return config->usage && config->usage->type ? config->usage->type : SECRET_USAGE_NONE;
}

const char *secret_config_usage_id(const SecretConfig *config)
{
        const SecretUsage *usage = config->usage;

        return usage ? usage_id(usage->type, usage->volume, usage->name, usage->target) : NULL;
}

void secret_config_defaults(SecretConfig *config)
{
        if (!config->uuid)
                config->uuid = g_uuid_string_random();
        config->ephemeral = config->ephemeral ?: SWITCH_OFF;
        config->private = config->private ?: SWITCH_OFF;
        if (config->usage && config->usage->type == SECRET_USAGE_NONE) {
                bind_free(&usage_type, config->usage);
                config->usage = NULL;
        }
}

int secret_config_validate(const SecretConfig *config, GError **error)
{
        static const char *const missing[SECRET_USAGE_MAX] = {
                [SECRET_USAGE_VOLUME] = "volume usage specified, but volume path is missing",
                [SECRET_USAGE_CEPH] = "Ceph usage specified, but name is missing",
                [SECRET_USAGE_ISCSI] = "iSCSI usage specified, but target is missing",
                [SECRET_USAGE_TLS] = "TLS usage specified, but name is missing",
                [SECRET_USAGE_VTPM] = "vTPM usage specified, but name is missing",
        };
        const char *id = secret_config_usage_id(config);
        SecretUsageType type = secret_config_usage_type(config);

        if (missing[type] && (!id || !id[0]))
                return error_set(error, ERROR_INTERNAL_ERROR, "%s", missing[type]);
        return 0;
}

char *secret_config_format(const SecretConfig *config)
{
        return document_format(&secret_kind, config, 0);
}

SecretConfig *secret_config_copy(const SecretConfig *config)
{
        return bind_duplicate(&secret_type, config);
}

void secret_config_free(SecretConfig *config)
{
        bind_free(&secret_type, config);
}
