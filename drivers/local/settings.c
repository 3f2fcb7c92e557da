/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading and changing the settings of a domain: of what runs, of the definition, or of both. */

#include "drivers/local/local.h"

static LocalDomain *local_of(Domain *domain)
{
        return (LocalDomain *)domain;
}

/* Which configurations a call is about: "current" is the live one of what runs. */
static int resolve(
        Domain *domain, unsigned flags, bool *ret_live, bool *ret_definition, GError **error)
{
        bool active = domain_is_active(domain);

        *ret_live = flags & AFFECT_LIVE;
        *ret_definition = flags & AFFECT_CONFIG;
        if (!*ret_live && !*ret_definition)
                *(active ? ret_live : ret_definition) = true;
        if (*ret_live && !active)
                return error_set(error, ERROR_OPERATION_INVALID, "domain is not running");
        if (*ret_definition && !domain->properties.persistent)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "transient domains do not have any persistent config");
        return 0;
}

const DomainConfig *local_config(
        Domain *domain, unsigned flags, DomainConfig **to_free, GError **error)
{
        bool live, definition;

        if ((flags & AFFECT_LIVE) && (flags & AFFECT_CONFIG)) {
                error_set(error, ERROR_INVALID_ARG,
                        "flags for the running domain and for its definition exclude each other");
                return NULL;
        }
        if (resolve(domain, flags, &live, &definition, error) < 0)
                return NULL;
        if (live)
                return local_of(domain)->live;
        return local_definition(local_of(domain), to_free, error) < 0 ? NULL : *to_free;
}

static int edit_copy(const DomainConfig *config, unsigned flags, LocalEdit edit, const void *change,
        DomainConfig **ret, char **ret_text, GError **error)
{
        g_autoptr(DomainConfig) copy = domain_config_copy(config);

        if (edit(copy, change, error) < 0 || domain_config_validate(copy, error) < 0 ||
                local_format(copy, flags, ret_text, error) < 0)
                return -1;
        *ret = g_steal_pointer(&copy);
        return 0;
}

/* Both copies are made before either takes its place, so that a refusal leaves both as they were.
 */
static int edit_both(Domain *domain, bool live, bool definition, LocalEdit edit, const void *change,
        GError **error)
{
        LocalDomain *self = local_of(domain);
        g_autoptr(DomainConfig) old = NULL, new_live = NULL, new_definition = NULL;
        g_autofree char *text = NULL, *live_text = NULL;

        /* A change of what runs has waited for it, and it may have stopped. */
        if (live && domain_require_active(domain, error) < 0)
                return -1;
        if (live && edit_copy(self->live, 0, edit, change, &new_live, &live_text, error) < 0)
                return -1;
        if (definition &&
                (local_definition(self, &old, error) < 0 ||
                        edit_copy(old, DOMAIN_XML_INACTIVE, edit, change, &new_definition, &text,
                                error) < 0))
                return -1;
        if (definition) {
                if (local_hooks(self)->store(self, text, error) < 0)
                        return -1;
                if (!domain_is_active(domain))
                        local_refresh(self, new_definition);
                else if (!live)
                        object_set_bool(domain, DOMAIN_PROPERTY_UPDATED, true);
        }
        /* The domain may have stopped while the definition was written. */
        if (live && self->live) {
                domain_config_free(self->live);
                self->live = g_steal_pointer(&new_live);
                local_refresh(self, self->live);
                if (local_hooks(self)->live_changed)
                        return local_hooks(self)->live_changed(self, error);
        }
        return 0;
}

int local_edit(Domain *domain, unsigned flags, LocalEdit edit, const void *change, GError **error)
{
        bool live, definition;

        if (resolve(domain, flags, &live, &definition, error) < 0)
                return -1;
        return edit_both(domain, live, definition, edit, change, error);
}

/* How a definition is formatted, as a bit of as_is: other flags leave it as it is. */
static uint8_t way(unsigned flags)
{
        return 1 << (flags & (DOMAIN_XML_SECURE | DOMAIN_XML_INACTIVE));
}

/* Most definitions hold nothing that is written only at times, secrets above all. Of one in memory
 * it is remembered that it came out as it went in, for it is asked for far more often than it
 * changes; a file may change behind the driver's back. */
static int format_definition(LocalDomain *domain, unsigned flags, char **ret, GError **error)
{
        g_autoptr(DomainConfig) config = NULL;

        if (domain->domain.properties.persistent && domain->as_is & way(flags)) {
                *ret = g_strdup(domain->definition);
                return 0;
        }
        if (local_definition(domain, &config, error) < 0)
                return -1;
        *ret = domain_config_format(config, flags);
        if (g_strcmp0(*ret, domain->definition) == 0)
                domain->as_is |= way(flags);
        return 0;
}

int local_get_xml_desc(
        Domain *domain, const DomainGetXMLDescIn *in, DomainGetXMLDescOut *out, GError **error)
{
        LocalDomain *self = local_of(domain);
        bool inactive = in->flags & DOMAIN_XML_INACTIVE && domain->properties.persistent;

        if (inactive || !domain_is_active(domain) || !self->live)
                return format_definition(self, in->flags, &out->xml, error);
        out->xml = domain_config_format(self->live, in->flags);
        return 0;
}

/* Metadata. */

int local_get_metadata(
        Domain *domain, const DomainGetMetadataIn *in, DomainGetMetadataOut *out, GError **error)
{
        g_autoptr(DomainConfig) to_free = NULL;
        const DomainConfig *config = local_config(domain, in->flags, &to_free, error);
        const char *text;

        if (!config)
                return -1;
        switch (in->type) {
        case METADATA_DESCRIPTION:
        case METADATA_TITLE:
                text = in->type == METADATA_TITLE ? config->title : config->description;
                if (!text)
                        return error_set(error, ERROR_NO_DOMAIN_METADATA,
                                "Requested metadata element is not present");
                out->metadata = g_strdup(text);
                return 0;
        case METADATA_ELEMENT:
                if (!in->uri[0])
                        return error_set_argument(
                                error, "uri in %s must not be NULL", "virDomainGetMetadata");
                out->metadata = domain_config_metadata_get(config, in->uri, error);
                return out->metadata ? 0 : -1;
        default:
                return error_set(error, ERROR_INVALID_ARG, "unknown metadata type %d", in->type);
        }
}

static int edit_metadata(DomainConfig *config, const void *change, GError **error)
{
        const DomainSetMetadataIn *in = change;
        const char *text = in->metadata[0] ? in->metadata : NULL;
        char **field;

        if (in->type == METADATA_ELEMENT)
                return domain_config_metadata_set(config, in->key, in->uri, text, error);
        field = in->type == METADATA_TITLE ? &config->title : &config->description;
        g_free(*field);
        *field = g_strdup(text);
        return 0;
}

int local_set_metadata(
        Domain *domain, const DomainSetMetadataIn *in, DomainSetMetadataOut *out, GError **error)
{
        DomainMetadataChangeSignal arguments = { .type = in->type, .nsuri = in->uri };
        bool live, definition;

        (void)out;
        if (in->type < METADATA_DESCRIPTION || in->type > METADATA_ELEMENT)
                return error_set(error, ERROR_INVALID_ARG, "unknown metadata type %d", in->type);
        if (in->type == METADATA_TITLE && strchr(in->metadata, '\n'))
                return error_set(error, ERROR_INVALID_ARG, "metadata title can't contain newlines");
        if (in->type == METADATA_ELEMENT && !in->uri[0])
                return error_set_argument(
                        error, "uri in %s must not be NULL", "virDomainSetMetadata");
        if (in->type == METADATA_ELEMENT && in->metadata[0] && !in->key[0])
                return error_set_argument(
                        error, "key in %s must not be NULL", "virDomainSetMetadata");
        if (resolve(domain, in->flags, &live, &definition, error) < 0 ||
                edit_both(domain, live, definition, edit_metadata, in, error) < 0)
                return -1;
        object_emit(domain, DOMAIN_SIGNAL_METADATA_CHANGE, &arguments);
        return 0;
}

/* What is done at a guest's end, by libvirt's numbers. */

static const struct {
        const char *name;
        size_t offset;
        LifecycleAction last; /* that makes sense */
} ends[] = {
        { "poweroff", offsetof(DomainConfig, on_poweroff), LIFECYCLE_PRESERVE },
        { "reboot", offsetof(DomainConfig, on_reboot), LIFECYCLE_PRESERVE },
        { "crash", offsetof(DomainConfig, on_crash), LIFECYCLE_COREDUMP_RESTART },
};
#define END_REBOOT 1

/* Ours count from one. */
static LifecycleAction lifecycle_action(uint32_t action)
{
        return LIFECYCLE_DESTROY + action;
}

static int edit_lifecycle(DomainConfig *config, const void *change, GError **error)
{
        const DomainSetLifecycleActionIn *in = change;

        (void)error;
        *(LifecycleAction *)((char *)config + ends[in->type].offset) = lifecycle_action(in->action);
        return 0;
}

int local_set_lifecycle_action(Domain *domain, const DomainSetLifecycleActionIn *in,
        DomainSetLifecycleActionOut *out, GError **error)
{
        LocalDomain *self = local_of(domain);
        bool live, definition;

        (void)out;
        if (in->type >= G_N_ELEMENTS(ends))
                return error_set(error, ERROR_INVALID_ARG, "invalid lifecycle type '%u'", in->type);
        if (in->action >= LIFECYCLE_MAX - LIFECYCLE_DESTROY)
                return error_set(
                        error, ERROR_INVALID_ARG, "invalid lifecycle action '%u'", in->action);
        if (lifecycle_action(in->action) > ends[in->type].last)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "Lifecycle event '%s' doesn't support '%s' action", ends[in->type].name,
                        enum_name(&lifecycle_names, lifecycle_action(in->action)));
        if (resolve(domain, in->flags, &live, &definition, error) < 0)
                return -1;
        if (live && in->type == END_REBOOT && local_hooks(self)->live_reboot &&
                local_hooks(self)->live_reboot(self, lifecycle_action(in->action), error) < 0)
                return -1;
        return edit_both(domain, live, definition, edit_lifecycle, in, error);
}

/* Processors. */

int local_get_vcpus(
        Domain *domain, const DomainGetVcpusIn *in, DomainGetVcpusOut *out, GError **error)
{
        g_autoptr(DomainConfig) to_free = NULL;
        const DomainConfig *config;

        if (in->flags & VCPU_GUEST)
                return error_set(
                        error, ERROR_OPERATION_UNSUPPORTED, "asking the guest agent for its vCPUs");
        config = local_config(domain, in->flags, &to_free, error);
        if (!config)
                return -1;
        out->vcpus = number_or(config->vcpu.count, 1);
        if (!(in->flags & AFFECT_MAXIMUM))
                out->vcpus = number_or(config->vcpu.current, out->vcpus);
        return 0;
}

static int edit_vcpus(DomainConfig *config, const void *change, GError **error)
{
        const DomainSetVcpusIn *in = change;
        unsigned maximum = number_or(config->vcpu.count, 1);

        if (in->flags & AFFECT_MAXIMUM) {
                config->vcpu.count = number(in->vcpus);
                if (number_or(config->vcpu.current, 0) > in->vcpus)
                        config->vcpu.current = number(in->vcpus);
                return 0;
        }
        if (in->vcpus > maximum)
                return error_set(error, ERROR_INVALID_ARG,
                        "requested vcpus is greater than max allowable vcpus for the domain: %u > %u",
                        in->vcpus, maximum);
        config->vcpu.current = in->vcpus == maximum ? (Number){ 0 } : number(in->vcpus);
        return 0;
}

int local_set_vcpus(
        Domain *domain, const DomainSetVcpusIn *in, DomainSetVcpusOut *out, GError **error)
{
        LocalDomain *self = local_of(domain);
        bool live, definition;

        (void)out;
        if (in->vcpus == 0)
                return error_set_argument(
                        error, "nvcpus in %s must not be zero", "virDomainSetVcpusFlags");
        if (in->flags & VCPU_GUEST)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "setting vCPUs through the guest agent");
        if (resolve(domain, in->flags, &live, &definition, error) < 0)
                return -1;
        if (live && (in->flags & AFFECT_MAXIMUM))
                return error_set(error, ERROR_OPERATION_INVALID,
                        "maximum vcpu count of a live domain can't be modified");
        if (live && in->vcpus > domain->properties.max_vcpus)
                return error_set(error, ERROR_INVALID_ARG,
                        "requested vcpus is greater than max allowable vcpus for the live domain: %u > %u",
                        in->vcpus, domain->properties.max_vcpus);
        if (live && !local_hooks(self)->live_vcpus)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "changing the vCPUs of a running domain");
        if (live && local_hooks(self)->live_vcpus(self, in->vcpus, error) < 0)
                return -1;
        return edit_both(domain, live, definition, edit_vcpus, in, error);
}

/* Memory. */

static int edit_memory(DomainConfig *config, const void *change, GError **error)
{
        const DomainSetMemoryIn *in = change;

        if (in->flags & AFFECT_MAXIMUM) {
                config->memory.kib = number(in->memory);
                if ((uint64_t)number_or(config->current_memory.kib, 0) > in->memory)
                        config->current_memory.kib = number(in->memory);
                return 0;
        }
        if (in->memory > (uint64_t)number_or(config->memory.kib, 0))
                return error_set(
                        error, ERROR_INVALID_ARG, "cannot set memory higher than max memory");
        config->current_memory.kib = number(in->memory);
        return 0;
}

int local_set_memory(
        Domain *domain, const DomainSetMemoryIn *in, DomainSetMemoryOut *out, GError **error)
{
        LocalDomain *self = local_of(domain);
        bool live, definition;

        (void)out;
        if (in->memory == 0)
                return error_set_argument(
                        error, "memory in %s must not be zero", "virDomainSetMemoryFlags");
        if (in->memory > G_MAXINT64 / 1024)
                return error_set(
                        error, ERROR_OVERFLOW, "input too large: %" G_GUINT64_FORMAT, in->memory);
        if (resolve(domain, in->flags, &live, &definition, error) < 0)
                return -1;
        if (live && (in->flags & AFFECT_MAXIMUM))
                return error_set(error, ERROR_OPERATION_INVALID,
                        "cannot resize the maximum memory on an active domain");
        if (live && in->memory > domain->properties.max_memory)
                return error_set(
                        error, ERROR_INVALID_ARG, "cannot set memory higher than max memory");
        if (live && !local_hooks(self)->live_memory)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "changing the memory of a running domain");
        if (live && local_hooks(self)->live_memory(self, in->memory, error) < 0)
                return -1;
        return edit_both(domain, live, definition, edit_memory, in, error);
}

static int edit_stats_period(DomainConfig *config, const void *change, GError **error)
{
        const DomainSetMemoryStatsPeriodIn *in = change;

        if (!config->devices.memballoon || config->devices.memballoon->model == MEMBALLOON_NONE)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "No memory balloon device configured, can not set the collection period");
        config->devices.memballoon->stats.period = in->period ? number(in->period) : (Number){ 0 };
        return 0;
}

int local_set_memory_stats_period(Domain *domain, const DomainSetMemoryStatsPeriodIn *in,
        DomainSetMemoryStatsPeriodOut *out, GError **error)
{
        LocalDomain *self = local_of(domain);
        bool live, definition;

        (void)out;
        if (in->period < 0)
                return error_set_argument(error, "period in %s must be zero or greater",
                        "virDomainSetMemoryStatsPeriod");
        if (resolve(domain, in->flags, &live, &definition, error) < 0)
                return -1;
        if (live && local_hooks(self)->live_stats_period &&
                local_hooks(self)->live_stats_period(self, in->period, error) < 0)
                return -1;
        return edit_both(domain, live, definition, edit_stats_period, in, error);
}

/* Statistics. */

int local_stats_groups(uint32_t stats, uint32_t flags, uint32_t *ret, GError **error)
{
        if ((flags & STATS_ENFORCE) && (stats & ~(uint32_t)STATS_ALL))
                return error_set(error, ERROR_ARGUMENT_UNSUPPORTED,
                        "Stats types bits 0x%x are not supported by this daemon",
                        stats & ~(uint32_t)STATS_ALL);
        *ret = stats ? stats & STATS_ALL : STATS_ALL;
        return 0;
}

void local_stats_state(const LocalDomain *domain, Params *params)
{
        params_add_int32(params, "state.state", domain->domain.properties.state.state);
        params_add_int32(params, "state.reason", domain->domain.properties.state.reason);
}
