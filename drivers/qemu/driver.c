/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The QEMU driver: its connections, where they keep what they keep, and its tables of operations.
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "config.h"
#include "drivers/qemu/capabilities.h"
#include "drivers/qemu/domain.h"
#include "drivers/qemu/host.h"
#include "drivers/qemu/node.h"
#include "service/base/cleanup.h"
#include "service/base/file.h"

#define GUEST_USER "virtbus-qemu"
#define LOCK_PATIENCE (30 * G_USEC_PER_SEC)

static QemuConnection *qemu_connection_of(void *connection)
{
        return connection;
}

char *qemu_path(const char *directory, const char *name, const char *suffix)
{
        return g_strdup_printf("%s/%s%s", directory, name, suffix);
}

/* What a document leaves open. */

static char *default_emulator(void *data, VirtType type, const char *arch)
{
        (void)data, (void)type;
        return probes_find(arch);
}

static char *machine_name(
        void *data, VirtType type, const char *arch, const char *machine, GError **error)
{
        QemuConnection *connection = data;
        g_autofree char *emulator = probes_find(arch);
        g_autoptr(QemuBinary) binary = NULL;
        const QemuMachine *found;

        (void)type;
        if (!emulator) {
                error_set(error, ERROR_CONFIG_UNSUPPORTED, "No emulator found for arch '%s'", arch);
                return NULL;
        }
        if (probes_get(connection->probes, emulator, &binary, error) < 0)
                return NULL;
        found = qemu_binary_machine(binary, machine);
        if (!found) {
                error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "Emulator '%s' does not support machine type '%s'", emulator,
                        machine ?: "(default)");
                return NULL;
        }
        return g_strdup(found->name);
}

static int qemu_complete(LocalConnection *connection, DomainConfig *config, GError **error)
{
        const DomainDefaults defaults = {
                .arch = host_arch(),
                .machine = machine_name,
                .emulator = default_emulator,
                .data = connection,
                .qemu_devices = true,
        };

        if (config->type != VIRT_QEMU && config->type != VIRT_KVM)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "unexpected domain type %s, expecting qemu or kvm",
                        enum_name(&virt_type_names, config->type));
        return domain_config_defaults(config, &defaults, error);
}

static void qemu_domain_free(Object *object)
{
        QemuDomain *domain = qemu_domain(object);

        g_assert(!domain->qmp && !domain->ended);
        qemu_stats_cache_free(domain->stats_cache);
        local_domain_finish(&domain->local);
        g_free(domain->directory);
        g_free(domain->scope);
        g_free(domain);
}

static LocalDomain *qemu_new(LocalConnection *connection, const char *name, const char *uuid)
{
        QemuDomain *domain = g_new0(QemuDomain, 1);

        domain->log = -1;
        domain_init(&domain->local.domain, &connection->connection, name, uuid, qemu_domain_free);
        return &domain->local;
}

static const LocalHooks hooks = {
        .new = qemu_new,
        .complete = qemu_complete,
        .store = qemu_definition_store,
        .load = qemu_definition_load,
        .remove = qemu_definition_remove,
        .rename = qemu_definition_rename,
        .set_autostart = qemu_definition_set_autostart,
        .start = qemu_process_start,
        .run = qemu_process_run,
        .kill = qemu_process_kill,
        .live_memory = qemu_live_memory,
        .live_vcpus = qemu_live_vcpus,
        .live_stats_period = qemu_live_stats_period,
        .live_reboot = qemu_live_reboot,
        .live_changed = qemu_live_changed,
};

static const DomainOperations domain_operations = {
        .create = local_create,
        .destroy = local_destroy,
        .get_control_info = qemu_get_control_info,
        .get_disk_errors = qemu_get_disk_errors,
        .get_emulator_pin_info = qemu_get_emulator_pin_info,
        .get_io_thread_info = qemu_get_io_thread_info,
        .get_job_info = qemu_get_job_info,
        .get_messages = qemu_get_messages,
        .get_metadata = local_get_metadata,
        .get_security_label_list = qemu_get_security_label_list,
        .get_stats = qemu_get_stats,
        .get_vcpu_pin_info = qemu_get_vcpu_pin_info,
        .get_vcpus = local_get_vcpus,
        .get_xml_desc = local_get_xml_desc,
        .has_managed_save_image = qemu_has_managed_save_image,
        .inject_nmi = qemu_inject_nmi,
        .memory_stats = qemu_memory_stats,
        .monitor_command = qemu_monitor_command,
        .open_console = qemu_open_console,
        .open_graphics = qemu_open_graphics,
        .open_graphics_fd = qemu_open_graphics_fd,
        .reboot = qemu_reboot,
        .rename = local_rename,
        .reset = qemu_reset,
        .resume = qemu_resume,
        .screenshot = qemu_screenshot,
        .send_key = qemu_send_key,
        .set_autostart = local_set_autostart,
        .set_lifecycle_action = local_set_lifecycle_action,
        .set_memory = local_set_memory,
        .set_memory_stats_period = local_set_memory_stats_period,
        .set_metadata = local_set_metadata,
        .set_vcpus = local_set_vcpus,
        .shutdown = qemu_shutdown,
        .suspend = qemu_suspend,
        .undefine = local_undefine,
};

/* Operations of a connection. */

static int qemu_get_capabilities(Connection *connection, const ConnectionGetCapabilitiesIn *in,
        ConnectionGetCapabilitiesOut *out, GError **error)
{
        (void)in;
        return capabilities_format(
                qemu_connection_of(connection)->probes, &out->capabilities, error);
}

static const char *or_null(const char *text)
{
        return text[0] ? text : NULL;
}

static int qemu_get_domain_capabilities(Connection *connection,
        const ConnectionGetDomainCapabilitiesIn *in, ConnectionGetDomainCapabilitiesOut *out,
        GError **error)
{
        return capabilities_format_domain(qemu_connection_of(connection)->probes,
                or_null(in->emulatorbin), or_null(in->arch), or_null(in->machine),
                or_null(in->virttype), &out->dom_capabilities, error);
}

static int qemu_get_max_vcpus(Connection *connection, const ConnectionGetMaxVcpusIn *in,
        ConnectionGetMaxVcpusOut *out, GError **error)
{
        return capabilities_max_vcpus(
                qemu_connection_of(connection)->probes, or_null(in->type), &out->max, error);
}

static int qemu_get_cpu_model_names(Connection *connection, const ConnectionGetCPUModelNamesIn *in,
        ConnectionGetCPUModelNamesOut *out, GError **error)
{
        g_autofree char *emulator = probes_find(in->arch);
        g_autoptr(QemuBinary) binary = NULL;

        if (!emulator)
                return error_set(error, ERROR_INVALID_ARG,
                        "no emulator is installed for the architecture '%s'", in->arch);
        if (probes_get(qemu_connection_of(connection)->probes, emulator, &binary, error) < 0)
                return -1;
        out->models.items = capabilities_cpu_names(binary);
        out->models.n = g_strv_length(out->models.items);
        return 0;
}

static const ConnectionOperations connection_operations = {
        .domain_create_xml = local_domain_create_xml,
        .domain_define_xml = local_domain_define_xml,
        .domain_xml_to_native = qemu_domain_xml_to_native,
        .get_capabilities = qemu_get_capabilities,
        .get_cpu_model_names = qemu_get_cpu_model_names,
        .get_domain_capabilities = qemu_get_domain_capabilities,
        .get_max_vcpus = qemu_get_max_vcpus,
        .get_sysinfo = qemu_get_sysinfo,
        .node_get_cpu_map = qemu_node_get_cpu_map,
        .node_get_cpu_stats = qemu_node_get_cpu_stats,
        .node_get_free_memory = qemu_node_get_free_memory,
        .node_get_free_pages = qemu_node_get_free_pages,
        .node_get_info = qemu_node_get_info,
        .node_get_memory_parameters = qemu_node_get_memory_parameters,
        .node_get_memory_stats = qemu_node_get_memory_stats,
        .node_get_security_model = qemu_node_get_security_model,
        .node_set_memory_parameters = qemu_node_set_memory_parameters,
};

/* The driver on this host. */

static const char *const *qemu_defaults(Instance instance)
{
        static const char *const system_uris[] = { "qemu:///system", NULL };
        static const char *const session_uris[] = { "qemu:///session", NULL };

        return instance == INSTANCE_SYSTEM ? system_uris : session_uris;
}

static int qemu_probe(DriverObject *self, Instance instance, GError **error)
{
        g_auto(GStrv) paths = probes_list();
        g_autofree DriverEmulatorsValue *emulators =
                g_new0(DriverEmulatorsValue, g_strv_length(paths));
        g_autoptr(Probes) probes = probes_new(&(ProbesOptions){ .uid = -1, .gid = -1 });
        DriverAccelerationValue acceleration = { 0 };
        size_t n = g_strv_length(paths);
        int r = probes_kvm(probes);

        (void)error;
        for (size_t i = 0; i < n; i++)
                emulators[i] = (DriverEmulatorsValue){ .path = paths[i],
                        .architecture = (char *)probes_arch_of_path(paths[i]) };
        acceleration.usable = r >= 0;
        acceleration.reason = r == -ENOENT ?
                (char *)"/dev/kvm is not there: the processor or its firmware, or the host "
                        "of this virtual machine, does not offer it" :
                r < 0 ? (char *)g_strerror(-r) :
                        NULL;
        object_set_bool(self, DRIVER_PROPERTY_AVAILABLE, n > 0);
        object_set_string(self, DRIVER_PROPERTY_REASON,
                n > 0 ? "" :
                        "no emulator is installed: there is no /usr/bin/qemu-system-* or qemu-kvm");
        object_set(self, DRIVER_PROPERTY_URIS,
                &(Array){ .items = (void *)qemu_defaults(instance), .n = 1 });
        object_set(self, DRIVER_PROPERTY_EMULATORS, &(Array){ .items = emulators, .n = n });
        object_set(self, DRIVER_PROPERTY_ACCELERATION, &acceleration);
        return 0;
}

static int identify_embed(const Uri *uri, char **ret_label, GError **error)
{
        const char *root = uri_parameter(uri, "root");
        g_autofree char *canonical = NULL, *digest = NULL;

        if (!root || !root[0])
                return error_set(error, ERROR_INVALID_ARG,
                        "%s: it needs a directory, as in qemu:///embed?root=/some/path", uri->text);
        if (!g_path_is_absolute(root))
                return error_set(
                        error, ERROR_INVALID_ARG, "root path must be absolute: '%s'", root);
        canonical = g_canonicalize_filename(root, "/");
        digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, canonical, -1);
        *ret_label = g_strdup_printf("qemu_embed_%.8s", digest);
        return 0;
}

/* The host's guests are opened on the host's service only, a user's on that user's: others go there
 * (service/bridge.h). */
static int qemu_identify(const Uri *uri, Instance instance, bool read_only, char **ret_label,
        const char **ret_action, GError **error)
{
        (void)read_only;
        *ret_action = "org.virtbus1.connection.open";
        if (strcmp(uri->path, instance == INSTANCE_SYSTEM ? "/system" : "/session") == 0) {
                *ret_label = g_strdup_printf("qemu_%s", uri->path + 1);
                return 0;
        }
        if (strcmp(uri->path, "/embed") == 0) {
                /* On the system bus it means to work in any directory as root. */
                if (instance == INSTANCE_SYSTEM)
                        *ret_action = "org.virtbus1.connection.write";
                return identify_embed(uri, ret_label, error);
        }
        return error_set(error, ERROR_INTERNAL_ERROR,
                "unexpected QEMU URI path '%s', try qemu:///system, qemu:///session or qemu:///embed?root=/path",
                uri->path);
}

/* Where things are. */

static void set_directories(QemuConnection *self, const Uri *uri)
{
        const char *root = uri_parameter(uri, "root");
        g_autofree char *config = NULL, *runtime = NULL, *data = NULL, *cache = NULL;

        switch (self->instance) {
        case QEMU_SYSTEM:
                self->definitions = g_strdup(SYSCONFDIR "/virtbus/qemu");
                self->runtime = g_strdup("/run/virtbus/qemu");
                self->state = g_strdup(LOCALSTATEDIR "/lib/virtbus/qemu");
                self->cache = g_strdup(LOCALSTATEDIR "/cache/virtbus/qemu");
                self->log = g_strdup(LOCALSTATEDIR "/log/virtbus/qemu");
                break;
        case QEMU_SESSION:
                self->definitions =
                        g_build_filename(g_get_user_config_dir(), "virtbus", "qemu", NULL);
                self->runtime = g_build_filename(g_get_user_runtime_dir(), "virtbus", "qemu", NULL);
                self->state = g_build_filename(g_get_user_data_dir(), "virtbus", "qemu", NULL);
                self->cache = g_build_filename(g_get_user_cache_dir(), "virtbus", "qemu", NULL);
                self->log =
                        g_build_filename(g_get_user_cache_dir(), "virtbus", "log", "qemu", NULL);
                break;
        case QEMU_EMBED:
                /* As libvirt documents it. */
                self->definitions = g_build_filename(root, "etc", "qemu", NULL);
                self->runtime = g_build_filename(root, "run", "qemu", NULL);
                self->state = g_build_filename(root, "lib", "qemu", NULL);
                self->cache = g_build_filename(root, "cache", "qemu", NULL);
                self->log = g_build_filename(root, "log", "qemu", NULL);
                break;
        }
        self->autostart = g_build_filename(self->definitions, "autostart", NULL);
}

static int make_directories(const QemuConnection *self, GError **error)
{
        const char *const paths[] = { self->definitions, self->runtime, self->state, self->cache,
                self->log };

        for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
                int r = directory_make(paths[i], 0700);

                if (r < 0)
                        return error_set_errno(error, r, "cannot create directory '%s'", paths[i]);
        }
        return 0;
}

/* One that ends still may have it for a moment. */
static int take_lock(QemuConnection *self, GError **error)
{
        g_autofree char *path = g_build_filename(self->runtime, "lock", NULL);
        uint64_t deadline = fiber_deadline(LOCK_PATIENCE);

        self->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (self->lock < 0)
                return error_set_errno(error, errno, "cannot open '%s'", path);
        while (flock(self->lock, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK)
                        return error_set_errno(error, errno, "cannot lock '%s'", path);
                if (fiber_now() > deadline || fiber_sleep(20 * 1000) < 0)
                        return error_set(error, ERROR_RESOURCE_BUSY,
                                "another service works in '%s'", self->runtime);
        }
        return 0;
}

/* Guests of the system's service are nobody's processes: a user of their own, with the groups that
 * devices have. */
static int choose_user(QemuConnection *self, GError **error)
{
        const struct passwd *entry;
        int n = 0;

        self->uid = (uid_t)-1;
        self->gid = (gid_t)-1;
        if (self->instance != QEMU_SYSTEM || geteuid() != 0)
                return 0;
        entry = getpwnam(GUEST_USER);
        if (!entry)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "there is no user '" GUEST_USER
                        "' to run guests as; the package's sysusers file makes it");
        self->uid = entry->pw_uid;
        self->gid = entry->pw_gid;
        getgrouplist(GUEST_USER, self->gid, NULL, &n);
        self->groups = g_new0(gid_t, MAX(n, 1));
        getgrouplist(GUEST_USER, self->gid, self->groups, &n);
        self->n_groups = MAX(n, 0);
        return 0;
}

static void qemu_connection_free(Object *object)
{
        QemuConnection *self = qemu_connection_of(object);

        connection_finish(&self->local.connection);
        probes_unref(self->probes);
        fd_close(self->lock);
        local_heads_free(self->heads);
        g_free(self->groups);
        g_free(self->definitions);
        g_free(self->autostart);
        g_free(self->runtime);
        g_free(self->state);
        g_free(self->cache);
        g_free(self->log);
        g_free(self);
}

static unsigned read_last_id(const QemuConnection *self)
{
        g_autofree char *path = g_build_filename(self->runtime, "last-id", NULL), *text = NULL;

        if (file_read(path, 32, &text, NULL) < 0)
                return 0;
        return MIN(g_ascii_strtoull(text, NULL, 10), G_MAXINT);
}

static int qemu_open(const Uri *uri, Instance instance, bool read_only, const char *label,
        Connection **ret, GError **error)
{
        QemuConnection *self = g_new0(QemuConnection, 1);
        g_autoptr(Connection) connection = &self->local.connection;
        g_autofree char *capabilities = NULL;

        (void)instance, (void)read_only;
        self->lock = -1;
        self->instance = strcmp(uri->path, "/system") == 0 ? QEMU_SYSTEM :
                strcmp(uri->path, "/session") == 0         ? QEMU_SESSION :
                                                             QEMU_EMBED;
        connection_init(connection, &qemu_driver, label, uri, qemu_connection_free);
        self->local.hooks = &hooks;
        set_directories(self, uri);
        if (choose_user(self, error) < 0 || make_directories(self, error) < 0 ||
                take_lock(self, error) < 0)
                return -1;
        capabilities = g_build_filename(self->cache, "capabilities", NULL);
        self->probes = probes_new(&(ProbesOptions){
                .cache_directory = capabilities, .uid = self->uid, .gid = self->gid });
        self->local.last_id = read_last_id(self);
        qemu_definitions_load(self);
        *ret = g_steal_pointer(&connection);
        return 0;
}

/* Beginning: what runs comes back first, then what is to start with the host, once for each boot.
 */

static bool first_since_boot(const QemuConnection *self)
{
        g_autofree char *path = g_build_filename(self->runtime, "autostarted", NULL), *boot = NULL,
                        *seen = NULL;

        if (file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL) < 0)
                return false;
        if (file_read(path, 64, &seen, NULL) >= 0 && strcmp(boot, seen) == 0)
                return false;
        return file_replace_volatile(path, boot, strlen(boot), 0600) >= 0;
}

static void start_with_host(QemuConnection *self)
{
        g_autoptr(GList) domains = g_hash_table_get_values(
                registry_all(&self->local.connection.registry, DOMAIN_BY_UUID));

        g_list_foreach(domains, (GFunc)(void *)object_ref, NULL);
        for (GList *link = domains; link; link = link->next) {
                g_autoptr(Domain) domain = link->data;
                g_autoptr(GError) error = NULL;

                if (!domain->properties.autostart || self->stopping ||
                        domain_begin_job(domain, "autostart", NULL) < 0)
                        continue;
                if (!domain->object.gone && !domain_is_active(domain) &&
                        local_create(domain, &(DomainCreateIn){ 0 }, NULL, &error) < 0)
                        g_warning("guest '%s' could not be started with the host: %s",
                                domain->properties.name, error->message);
                domain_end_job(domain, error);
        }
}

/* That of the host's own emulator. Whoever asks while it is probed waits for the same answer. */
static void qemu_find_version(Connection *connection)
{
        QemuConnection *self = qemu_connection_of(connection);
        g_autofree char *emulator = probes_find(host_arch());
        g_autoptr(QemuBinary) binary = NULL;

        if (emulator && !self->stopping && probes_get(self->probes, emulator, &binary, NULL) >= 0)
                object_set_uint64(self, CONNECTION_PROPERTY_VERSION, binary->version);
}

/* In the background: what takes its time and nobody waits for. */
static void settle_run(void *data)
{
        g_autoptr(Connection) connection = data;
        QemuConnection *self = data;

        qemu_definitions_save_heads(self);
        qemu_scope_clean(self);
        if (first_since_boot(self))
                start_with_host(self);
        qemu_find_version(connection);
}

/* Those that the adoption brought back, too, but for those that it has told of itself. */
static void publish_domains(Connection *connection)
{
        g_autoptr(GList) domains =
                g_hash_table_get_values(registry_all(&connection->registry, DOMAIN_BY_UUID));

        for (GList *link = domains; link; link = link->next)
                if (!((Object *)link->data)->published)
                        object_publish(link->data);
}

static void qemu_start(Connection *connection)
{
        QemuConnection *self = qemu_connection_of(connection);
        g_autofree char *emulator = probes_find(host_arch());
        g_autoptr(QemuBinary) known = emulator ? probes_peek(self->probes, emulator) : NULL;

        if (known)
                object_set_uint64(self, CONNECTION_PROPERTY_VERSION, known->version);
        qemu_adopt_all(self);
        publish_domains(connection);
        connection_ref(connection);
        fiber_owe("settling a connection", settle_run, connection);
}

static void qemu_stop(Connection *connection)
{
        QemuConnection *self = qemu_connection_of(connection);
        g_autoptr(GList) domains =
                g_hash_table_get_values(registry_all(&connection->registry, DOMAIN_BY_UUID));

        self->stopping = true;
        g_list_foreach(domains, (GFunc)(void *)object_ref, NULL);
        for (GList *link = domains; link; link = link->next) {
                g_autoptr(Domain) domain = link->data;

                /* A start that is under way is finished first, by its own fiber. */
                if (domain_begin_job(domain, "closing", NULL) >= 0)
                        domain_end_job(domain, NULL);
                qemu_process_forget(qemu_domain(domain));
                registry_remove(&connection->registry, domain);
        }
}

const Driver qemu_driver = {
        .name = "qemu",
        .connection_operations = &connection_operations,
        .domain_operations = &domain_operations,
        .outlives = true,
        .attach = qemu_scope_set_bus,
        .defaults = qemu_defaults,
        .probe = qemu_probe,
        .identify = qemu_identify,
        .open = qemu_open,
        .start = qemu_start,
        .find_version = qemu_find_version,
        .stop = qemu_stop,
};
