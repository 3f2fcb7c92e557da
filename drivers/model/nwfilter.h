/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A network filter: libvirt's "Network filters" document. By the rules of network.h. The conditions
 * of a protocol (addresses, ports, their masks, variables) are kept as they stand. */

#include "drivers/model/value.h"
#include "service/base/enum.h"
#include "service/base/error.h"

typedef enum NwfilterAction {
        NWFILTER_ACTION_ABSENT,
        NWFILTER_DROP,
        NWFILTER_ACCEPT,
        NWFILTER_REJECT,
        NWFILTER_RETURN,
        NWFILTER_CONTINUE,
        NWFILTER_ACTION_MAX
} NwfilterAction;

typedef enum NwfilterDirection {
        NWFILTER_DIRECTION_ABSENT,
        NWFILTER_IN,
        NWFILTER_OUT,
        NWFILTER_INOUT,
        NWFILTER_DIRECTION_MAX
} NwfilterDirection;

typedef struct NwfilterParameter {
        Kept kept;
        char *name;
        char *value;
} NwfilterParameter;

/* <tcp srcportstart='22'/>: the element's name and attributes. */
typedef struct NwfilterProtocol {
        Kept kept;
        char *name;
        Switch match; /* no: the rule is for what the conditions do not hold for */
} NwfilterProtocol;

/* A rule or a reference to another filter, in the order of the document. */
typedef struct NwfilterEntry {
        Kept kept;
        char *element; /* "rule", "filterref", or what is not known */
        char *filter;  /* filterref */
        NwfilterAction action;
        NwfilterDirection direction;
        Number priority;                /* -1000 to 1000 */
        char *statematch;               /* "0" and "false": no connection tracking */
        NwfilterParameter **parameters; /* filterref */
        size_t n_parameters;
        NwfilterProtocol **protocols; /* rule */
        size_t n_protocols;
} NwfilterEntry;

typedef struct NwfilterConfig {
        Kept kept;
        char *name;
        char *chain; /* "root", or one that begins with the name of a protocol */
        Number priority;
        char *uuid;
        NwfilterEntry **entries;
        size_t n_entries;
} NwfilterConfig;

int nwfilter_config_parse(const char *xml, NwfilterConfig **ret, GError **error);

/* A UUID, the chain and its priority, priorities of rules. */
void nwfilter_config_defaults(NwfilterConfig *config);

int nwfilter_config_validate(const NwfilterConfig *config, GError **error);
char *nwfilter_config_format(const NwfilterConfig *config);
NwfilterConfig *nwfilter_config_copy(const NwfilterConfig *config);
void nwfilter_config_free(NwfilterConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NwfilterConfig, nwfilter_config_free)
int nwfilter_config_identify(const char *xml, char **ret_name, char **ret_uuid, GError **error);
