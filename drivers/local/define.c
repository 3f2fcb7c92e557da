/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Definitions: define, undefine, rename, autostart, and starting and stopping what they define. */

#include <string.h>

#include "drivers/local/local.h"
#include "drivers/model/xml.h"

void local_domain_finish(LocalDomain *domain)
{
        g_free(domain->definition);
        domain_config_free(domain->live);
}

void local_keep(LocalDomain *domain, const char *text)
{
        g_free(domain->definition);
        domain->definition = g_strdup(text);
        domain->as_is = 0;
}

static LocalDomain *local_of(Domain *domain)
{
        return (LocalDomain *)domain;
}

/* What has been read can be read again (a fuzz target holds that), unless it has grown too much. */
static int format_read(const DomainConfig *config, unsigned flags, char **ret, GError **error)
{
        /* What runs from a definition says more than the definition does. */
        size_t max = flags & DOMAIN_XML_INACTIVE ? XML_MAX_BYTES / 2 : XML_MAX_BYTES;
        g_autofree char *text = domain_config_format(config, flags | DOMAIN_XML_SECURE);
        size_t length = strlen(text);

        if (length > max)
                return error_set(error, ERROR_XML_ERROR,
                        "the configuration of the domain takes %zu bytes, more than the %zu allowed",
                        length, max);
        if (xml_check(text, length, "domain_definition", error) < 0)
                return -1;
        *ret = g_steal_pointer(&text);
        return 0;
}

int local_format(const DomainConfig *config, unsigned flags, char **ret, GError **error)
{
        g_autofree char *text = NULL;
        g_autoptr(DomainConfig) again = NULL;

        if (format_read(config, flags, &text, error) < 0 ||
                domain_config_parse(text, flags, &again, error) < 0)
                return -1;
        *ret = g_steal_pointer(&text);
        return 0;
}

int local_parse(LocalConnection *connection, const char *xml, DomainConfig **ret, char **ret_text,
        GError **error)
{
        g_autoptr(DomainConfig) config = NULL;

        if (domain_config_parse(xml, DOMAIN_XML_INACTIVE, &config, error) < 0 ||
                connection->hooks->complete(connection, config, error) < 0 ||
                domain_config_validate(config, error) < 0 ||
                format_read(config, DOMAIN_XML_INACTIVE, ret_text, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

int local_definition(LocalDomain *domain, DomainConfig **ret, GError **error)
{
        g_autofree char *text = NULL;

        if (!domain->domain.properties.persistent)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "transient domains do not have any persistent config");
        if (local_hooks(domain)->load(domain, &text, error) < 0)
                return -1;
        return domain_config_parse(text, DOMAIN_XML_INACTIVE, ret, error);
}

const DomainConfig *local_current(LocalDomain *domain, DomainConfig **to_free, GError **error)
{
        if (domain_is_active(&domain->domain) && domain->live)
                return domain->live;
        return local_definition(domain, to_free, error) < 0 ? NULL : *to_free;
}

void local_refresh(LocalDomain *domain, const DomainConfig *config)
{
        unsigned vcpus = number_or(config->vcpu.count, 1);

        object_set_string(domain, DOMAIN_PROPERTY_TITLE, config->title);
        object_set_string(domain, DOMAIN_PROPERTY_DESCRIPTION, config->description);
        object_set_string(domain, DOMAIN_PROPERTY_OS_TYPE,
                local_hooks(domain)->os_type ?: config->os.type.name);
        object_set_uint64(domain, DOMAIN_PROPERTY_MAX_MEMORY, number_or(config->memory.kib, 0));
        object_set_uint64(domain, DOMAIN_PROPERTY_MEMORY,
                number_or(config->current_memory.kib, number_or(config->memory.kib, 0)));
        object_set_uint32(domain, DOMAIN_PROPERTY_MAX_VCPUS, vcpus);
        object_set_uint32(domain, DOMAIN_PROPERTY_VCPUS, number_or(config->vcpu.current, vcpus));
}

/* A domain of that UUID or name, if there is one that this configuration may replace. */
static int find_same(
        Connection *connection, const DomainConfig *config, Domain **ret, GError **error)
{
        Domain *domain = registry_find(&connection->registry, DOMAIN_BY_UUID, config->uuid);

        if (domain && strcmp(domain->properties.name, config->name) != 0)
                return error_set(error, ERROR_OPERATION_FAILED,
                        "domain '%s' is already defined with uuid %s", domain->properties.name,
                        config->uuid);
        if (!domain &&
                (domain = registry_find(&connection->registry, DOMAIN_BY_NAME, config->name)))
                return error_set(error, ERROR_OPERATION_FAILED,
                        "domain '%s' already exists with uuid %s", config->name,
                        domain->properties.uuid);
        *ret = domain;
        return 0;
}

/* The domain that is there or a new one, with its job begun. A new one has taken its name and is
 * not published; the caller holds a reference to either. */
static int begin_with(LocalConnection *connection, const DomainConfig *config, const char *member,
        LocalDomain **ret, bool *ret_new, GError **error)
{
        for (;;) {
                g_autoptr(Domain) domain = NULL;
                Domain *same;

                if (find_same(&connection->connection, config, &same, error) < 0)
                        return -1;
                *ret_new = !same;
                if (same) {
                        domain = domain_ref(same);
                } else {
                        domain = &connection->hooks->new (connection, config->name, config->uuid)
                                          ->domain;
                        registry_add(&connection->connection.registry, domain);
                }
                if (domain_begin_job(domain, member, error) < 0)
                        return -1;
                if (!domain->object.gone && strcmp(domain->properties.name, config->name) == 0) {
                        *ret = local_of(g_steal_pointer(&domain));
                        return 0;
                }
                /* It was removed or renamed while we waited for it. */
                domain_end_job(domain, NULL);
        }
}

int local_domain_define_xml(Connection *connection, const ConnectionDomainDefineXMLIn *in,
        ConnectionDomainDefineXMLOut *out, GError **error)
{
        g_autoptr(DomainConfig) config = NULL;
        g_autofree char *text = NULL;
        g_autoptr(Domain) held = NULL;
        LocalDomain *domain;
        bool is_new, was_persistent;
        int r;

        if (local_parse((LocalConnection *)connection, in->xml, &config, &text, error) < 0 ||
                begin_with((LocalConnection *)connection, config, "DomainDefineXML", &domain,
                        &is_new, error) < 0)
                return -1;
        held = &domain->domain;
        was_persistent = held->properties.persistent;
        r = local_hooks(domain)->store(domain, text, error);
        if (r >= 0) {
                if (!domain_is_active(held))
                        local_refresh(domain, config);
                object_set_bool(domain, DOMAIN_PROPERTY_PERSISTENT, true);
                object_set_bool(domain, DOMAIN_PROPERTY_UPDATED, domain_is_active(held));
                if (is_new) {
                        if (client_current())
                                object_set_string(
                                        domain, DOMAIN_PROPERTY_OWNER, client_current()->user);
                        object_publish(domain);
                }
                domain_emit(held, EVENT_DEFINED, was_persistent ? DEFINED_UPDATED : DEFINED_ADDED);
                out->domain = object_ref(domain);
        } else if (is_new)
                registry_remove(&connection->registry, held);
        domain_end_job(held, r < 0 ? *error : NULL);
        return r;
}

int local_domain_restore_head(LocalConnection *connection, const char *name,
        const DomainConfig *head, bool autostart, LocalDomain **ret, GError **error)
{
        LocalDomain *domain;
        Domain *same;

        if (strcmp(head->name, name) != 0)
                return error_set(error, ERROR_XML_ERROR,
                        "it is the definition of '%s', not of '%s'", head->name, name);
        if (!head->uuid)
                return error_set(
                        error, ERROR_XML_ERROR, "the definition of '%s' has no uuid", head->name);
        if (find_same(&connection->connection, head, &same, error) < 0)
                return -1;
        if (same)
                return error_set(error, ERROR_DOM_EXIST, "'%s'", head->name);
        domain = connection->hooks->new (connection, head->name, head->uuid);
        registry_add(&connection->connection.registry, &domain->domain);
        local_refresh(domain, head);
        object_set_bool(domain, DOMAIN_PROPERTY_PERSISTENT, true);
        object_set_bool(domain, DOMAIN_PROPERTY_AUTOSTART, autostart);
        *ret = domain;
        domain_unref(&domain->domain);
        return 0;
}

int local_domain_restore(LocalConnection *connection, const char *name, const char *text,
        bool autostart, LocalDomain **ret, GError **error)
{
        g_autoptr(DomainConfig) head = NULL;

        if (domain_config_parse_head(text, &head, error) < 0)
                return -1;
        return local_domain_restore_head(connection, name, head, autostart, ret, error);
}

/* Starting. */

static void destroy_run(void *data)
{
        g_autoptr(Domain) domain = data;
        LocalDomain *self = local_of(domain);

        if (!domain->object.gone && domain_is_active(domain) && !self->owner)
                local_hooks(self)->kill(self, false, SHUTOFF_DESTROYED, STOPPED_DESTROYED, NULL);
}

static void on_owner_left(void *object)
{
        LocalDomain *domain = object;

        domain->owner = NULL;
        domain_ref(&domain->domain);
        fiber_owe("destroying what a client leaves behind", destroy_run, domain);
}

int local_start(LocalDomain *domain, DomainConfig *config, LocalOrigin origin, unsigned flags,
        GError **error)
{
        static const struct {
                int running, paused, started, suspended;
        } told[] = {
                [LOCAL_BOOTED] = { RUNNING_BOOTED, PAUSED_USER, STARTED_BOOTED, SUSPENDED_PAUSED },
                [LOCAL_RESTORED] = { RUNNING_RESTORED, PAUSED_USER, STARTED_RESTORED,
                        SUSPENDED_RESTORED },
                [LOCAL_FROM_SNAPSHOT] = { RUNNING_FROM_SNAPSHOT, PAUSED_FROM_SNAPSHOT,
                        STARTED_FROM_SNAPSHOT, SUSPENDED_FROM_SNAPSHOT },
        };
        const LocalHooks *hooks = local_hooks(domain);
        LocalConnection *connection = local_connection(domain);
        g_autoptr(GError) problem = NULL;
        unsigned id = ++connection->last_id;

        g_assert(!domain->live);
        domain->live = config;
        domain->live->id = number(id);
        if (hooks->start(domain, id, flags, error) < 0) {
                g_clear_pointer(&domain->live, domain_config_free);
                domain_set_state(&domain->domain, DOMAIN_SHUTOFF, SHUTOFF_FAILED, 0);
                return -1;
        }
        local_refresh(domain, domain->live);
        object_set_bool(domain, DOMAIN_PROPERTY_UPDATED, false);
        if (flags & START_AUTODESTROY && client_current()) {
                domain->owner = client_current();
                client_on_leave(domain->owner, on_owner_left, domain);
        }
        domain_set_state(&domain->domain, DOMAIN_PAUSED, PAUSED_STARTING_UP, id);
        if (!(flags & START_PAUSED) && hooks->run(domain, error) < 0) {
                hooks->kill(domain, false, SHUTOFF_FAILED, STOPPED_FAILED, NULL);
                return -1;
        }
        /* It may be over already: a guest can be that quick. */
        if (!domain_is_active(&domain->domain))
                return 0;
        if (flags & START_PAUSED)
                domain_set_state(&domain->domain, DOMAIN_PAUSED, told[origin].paused, id);
        else
                domain_set_state(&domain->domain, DOMAIN_RUNNING, told[origin].running, id);
        if (hooks->live_changed && hooks->live_changed(domain, &problem) < 0)
                g_warning("%s", problem->message);
        domain_emit(&domain->domain, EVENT_STARTED, told[origin].started);
        if (flags & START_PAUSED)
                domain_emit(&domain->domain, EVENT_SUSPENDED, told[origin].suspended);
        return 0;
}

int local_run(LocalConnection *connection, const char *xml, const char *member, LocalOrigin origin,
        unsigned flags, Domain **ret, GError **error)
{
        g_autoptr(DomainConfig) config = NULL;
        g_autofree char *text = NULL;
        g_autoptr(Domain) held = NULL;
        LocalDomain *domain;
        bool is_new;
        int r;

        if (local_parse(connection, xml, &config, &text, error) < 0 ||
                begin_with(connection, config, member, &domain, &is_new, error) < 0)
                return -1;
        held = &domain->domain;
        if (!is_new && domain_is_active(held)) {
                error_set(error, ERROR_OPERATION_INVALID, "domain is already active as '%s'",
                        held->properties.name);
                domain_end_job(held, *error);
                return -1;
        }
        if (is_new) {
                if (client_current())
                        object_set_string(domain, DOMAIN_PROPERTY_OWNER, client_current()->user);
                object_publish(domain);
        }
        r = local_start(domain, g_steal_pointer(&config), origin, flags, error);
        if (r >= 0)
                *ret = domain_ref(held);
        else if (!held->properties.persistent)
                registry_remove(&connection->connection.registry, held);
        domain_end_job(held, r < 0 ? *error : NULL);
        return r;
}

int local_domain_create_xml(Connection *connection, const ConnectionDomainCreateXMLIn *in,
        ConnectionDomainCreateXMLOut *out, GError **error)
{
        return local_run((LocalConnection *)connection, in->xml, "DomainCreateXML", LOCAL_BOOTED,
                in->flags, (Domain **)&out->domain, error);
}

int local_create(Domain *domain, const DomainCreateIn *in, DomainCreateOut *out, GError **error)
{
        DomainConfig *config;

        (void)out;
        if (domain_is_active(domain))
                return error_set(error, ERROR_OPERATION_INVALID, "domain is already running");
        if (local_definition(local_of(domain), &config, error) < 0)
                return -1;
        return local_start(local_of(domain), config, LOCAL_BOOTED, in->flags, error);
}

/* Suspends. Of one that is being started the start is cancelled, and waited for. -1 where it is not
 * being started. */
static int cancel_start(Domain *domain, GError **error)
{
        int r;

        if (!local_of(domain)->live || !domain->job)
                return domain_require_active(domain, error);
        if (job_cancel(domain->job, error) < 0)
                return -1;
        r = fiber_lock(&domain->jobs, "the end of a start", fiber_deadline(JOB_DEADLINE));
        if (r < 0)
                return error_set(error, ERROR_OPERATION_TIMEOUT,
                        "the start of domain '%s' was cancelled, but did not end yet",
                        domain->properties.name);
        fiber_unlock(&domain->jobs);
        return 0;
}

int local_destroy(Domain *domain, const DomainDestroyIn *in, DomainDestroyOut *out, GError **error)
{
        (void)out;
        if (!domain_is_active(domain) && cancel_start(domain, error) < 0)
                return -1;
        if (!domain_is_active(domain))
                return 0;
        return local_hooks(local_of(domain))
                ->kill(local_of(domain), in->flags & DESTROY_GRACEFUL, SHUTOFF_DESTROYED,
                        STOPPED_DESTROYED, error);
}

void local_stopped(LocalDomain *domain, int reason, int detail)
{
        g_autoptr(DomainConfig) config = NULL;
        Connection *connection = domain_connection(&domain->domain);

        if (domain->owner) {
                client_forget(domain->owner, on_owner_left, domain);
                domain->owner = NULL;
        }
        g_clear_pointer(&domain->live, domain_config_free);
        object_set(domain, DOMAIN_PROPERTY_ADDRESSES, &(Array){ 0 });
        domain_set_state(&domain->domain, DOMAIN_SHUTOFF, reason, 0);
        object_set_bool(domain, DOMAIN_PROPERTY_UPDATED, false);
        if (domain->domain.properties.persistent && local_definition(domain, &config, NULL) >= 0)
                local_refresh(domain, config);
        domain_emit(&domain->domain, EVENT_STOPPED, detail);
        if (!domain->domain.properties.persistent)
                registry_remove(&connection->registry, &domain->domain);
}

/* Undefine, rename, autostart. */

int local_undefine(
        Domain *domain, const DomainUndefineIn *in, DomainUndefineOut *out, GError **error)
{
        LocalDomain *self = local_of(domain);

        (void)out;
        if ((in->flags & UNDEFINE_NVRAM) && (in->flags & UNDEFINE_KEEP_NVRAM))
                return error_set(error, ERROR_INVALID_ARG,
                        "flags to remove the NVRAM and to keep it exclude each other");
        if ((in->flags & UNDEFINE_TPM) && (in->flags & UNDEFINE_KEEP_TPM))
                return error_set(error, ERROR_INVALID_ARG,
                        "flags to remove the TPM state and to keep it exclude each other");
        if (!domain->properties.persistent)
                return error_set(
                        error, ERROR_OPERATION_INVALID, "cannot undefine transient domain");
        if (local_hooks(self)->remove(self, in->flags, error) < 0)
                return -1;
        object_set_bool(domain, DOMAIN_PROPERTY_PERSISTENT, false);
        object_set_bool(domain, DOMAIN_PROPERTY_AUTOSTART, false);
        domain_emit(domain, EVENT_UNDEFINED, UNDEFINED_REMOVED);
        if (!domain_is_active(domain))
                registry_remove(&domain_connection(domain)->registry, domain);
        return 0;
}

int local_rename(Domain *domain, const DomainRenameIn *in, DomainRenameOut *out, GError **error)
{
        Connection *connection = domain_connection(domain);
        LocalDomain *self = local_of(domain);
        g_autoptr(DomainConfig) config = NULL;
        g_autofree char *text = NULL;

        (void)out;
        if (!in->name[0])
                return error_set_argument(
                        error, "string new_name in %s must not be empty", "virDomainRename");
        if (strchr(in->name, '/'))
                return error_set(error, ERROR_XML_ERROR, "name %s cannot contain '/'", in->name);
        if (strchr(in->name, '\n'))
                return error_set(error, ERROR_XML_ERROR, "name cannot contain a newline");
        if (domain_is_active(domain))
                return error_set(error, ERROR_OPERATION_INVALID, "cannot rename active domain");
        if (registry_find(&connection->registry, DOMAIN_BY_NAME, in->name))
                return error_set(error, ERROR_OPERATION_INVALID,
                        "domain with name '%s' already exists", in->name);
        if (local_definition(self, &config, error) < 0)
                return -1;
        g_free(config->name);
        config->name = g_strdup(in->name);
        if (local_format(config, DOMAIN_XML_INACTIVE, &text, error) < 0)
                return -1;
        /* Nobody else may take the name while it is written. */
        registry_reserve(&connection->registry, domain, DOMAIN_BY_NAME, in->name);
        if (local_hooks(self)->rename(self, in->name, text, error) < 0) {
                registry_release(&connection->registry, DOMAIN_BY_NAME, in->name);
                return -1;
        }
        domain_emit(domain, EVENT_UNDEFINED, UNDEFINED_RENAMED);
        registry_rename(&connection->registry, domain, DOMAIN_BY_NAME, in->name);
        domain_emit(domain, EVENT_DEFINED, DEFINED_RENAMED);
        return 0;
}

int local_set_autostart(
        Domain *domain, const DomainSetAutostartIn *in, DomainSetAutostartOut *out, GError **error)
{
        LocalDomain *self = local_of(domain);

        (void)out;
        if (!domain->properties.persistent)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "cannot set autostart for transient domain");
        if (!in->value == !domain->properties.autostart)
                return 0;
        if (local_hooks(self)->set_autostart(self, in->value, error) < 0)
                return -1;
        object_set_bool(domain, DOMAIN_PROPERTY_AUTOSTART, in->value);
        return 0;
}
