/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The configuration of a secret: libvirt's "Secret XML format". By the rules of network.h. The
 * value is not part of it. */

#include "drivers/model/value.h"
#include "service/base/enum.h"
#include "service/base/error.h"

/* libvirt's numbers (virSecretUsageType), one higher: 0 is absent. */
typedef enum SecretUsageType {
        SECRET_USAGE_ABSENT,
        SECRET_USAGE_NONE,
        SECRET_USAGE_VOLUME,
        SECRET_USAGE_CEPH,
        SECRET_USAGE_ISCSI,
        SECRET_USAGE_TLS,
        SECRET_USAGE_VTPM,
        SECRET_USAGE_MAX
} SecretUsageType;
extern const EnumTable secret_usage_names;

typedef struct SecretUsage {
        Kept kept;
        SecretUsageType type;
        char *volume; /* of that type: a path */
        char *name;   /* ceph, tls, vtpm */
        char *target; /* iscsi */
} SecretUsage;

typedef struct SecretConfig {
        Kept kept;
        Switch ephemeral; /* never stored */
        Switch private;   /* its value is shown to nobody */
        char *uuid;
        char *description;
        SecretUsage *usage;
} SecretConfig;

int secret_config_parse(const char *xml, SecretConfig **ret, GError **error);

/* A UUID; neither ephemeral nor private. A usage of none is none. */
void secret_config_defaults(SecretConfig *config);

int secret_config_validate(const SecretConfig *config, GError **error);
char *secret_config_format(const SecretConfig *config);
SecretConfig *secret_config_copy(const SecretConfig *config);
void secret_config_free(SecretConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SecretConfig, secret_config_free)

/* UUID, type and identifier of the usage; each NULL (NONE) where there is none. */
int secret_config_identify(const char *xml, char **ret_uuid, SecretUsageType *ret_type,
        char **ret_usage, GError **error);

/* What it is for: path, name or target; NULL for none. */
const char *secret_config_usage_id(const SecretConfig *config);
SecretUsageType secret_config_usage_type(const SecretConfig *config);
