/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The configuration of a domain's checkpoint: libvirt's "Checkpoint XML format". By the rules of
 * snapshot.h. */

#include "drivers/model/domain.h"

typedef enum CheckpointMode {
        CHECKPOINT_MODE_ABSENT,
        CHECKPOINT_NO,
        CHECKPOINT_BITMAP,
        CHECKPOINT_MODE_MAX
} CheckpointMode;
extern const EnumTable checkpoint_mode_names;

typedef struct CheckpointParent {
        Kept kept;
        char *name;
} CheckpointParent;

typedef struct CheckpointDisk {
        Kept kept;
        char *name;
        CheckpointMode checkpoint;
        char *bitmap;
        Number size; /* live, bytes: of what has changed since */
} CheckpointDisk;

typedef struct CheckpointDisks {
        Kept kept;
        CheckpointDisk **disks;
        size_t n_disks;
} CheckpointDisks;

typedef struct CheckpointConfig {
        Kept kept;
        char *name;
        char *description;
        CheckpointParent parent;
        Number creation_time; /* seconds of the epoch */
        CheckpointDisks disks;
        DomainConfig *domain;
} CheckpointConfig;

/* As with snapshots: of a new one only name, description and disks count. */
#define CHECKPOINT_PARSE_REDEFINE 1u
int checkpoint_config_parse(
        const char *xml, unsigned flags, CheckpointConfig **ret, GError **error);

/* The time, and the name after it. */
void checkpoint_config_defaults(CheckpointConfig *config, int64_t now);

/* Holds the disks against the domain's and adds those that are missing, in the domain's order. A
 * document that names none means all; one that names some means no others. Bitmaps are named after
 * the checkpoint. */
int checkpoint_config_align_disks(
        CheckpointConfig *config, const DomainConfig *domain, GError **error);

int checkpoint_config_validate(const CheckpointConfig *config, GError **error);

/* libvirt's numbers. */
enum {
        CHECKPOINT_XML_SECURE = 1 << 0,
        CHECKPOINT_XML_NO_DOMAIN = 1 << 1,
        CHECKPOINT_XML_SIZE = 1 << 2,
};
char *checkpoint_config_format(const CheckpointConfig *config, unsigned flags);
CheckpointConfig *checkpoint_config_copy(const CheckpointConfig *config);
void checkpoint_config_free(CheckpointConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CheckpointConfig, checkpoint_config_free)

/* *ret_name is NULL where the document leaves the name open. */
int checkpoint_config_identify(const char *xml, char **ret_name, GError **error);
