/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The test driver: a host in memory, for those who write applications and for testing without a
 * hypervisor. Its guests have states and nothing else. */

#include <string.h>

#include "drivers/test/objects.h"
#include "drivers/test/test.h"

#define VERSION 2 /* as libvirt's test host tells: 0.0.2 */
#define LABEL_NAME_MAX 32

/* Bytes that the volumes of a host can hold together, whatever they say to be. */
#define CONTENT_MAX (UINT64_C(256) << 20)

/* Hooks. */

static void test_domain_free(Object *object)
{
        local_domain_finish((LocalDomain *)object);
        g_free(object);
}

static LocalDomain *test_new(LocalConnection *connection, const char *name, const char *uuid)
{
        static const DomainSchedulerTypeValue scheduler = { .type = (char *)"fair",
                .parameters = 1 };
        TestDomain *self = g_new0(TestDomain, 1);
        Domain *domain = &self->local.domain;

        domain_init(domain, &connection->connection, name, uuid, test_domain_free);
        object_set(domain, DOMAIN_PROPERTY_SCHEDULER_TYPE, &scheduler);
        self->weight = 50;
        self->seconds = 627319920;
        return &self->local;
}

static int test_complete(LocalConnection *connection, DomainConfig *config, GError **error)
{
        static const DomainDefaults defaults = { .arch = "i686" };

        (void)connection;
        if (config->type != VIRT_TEST)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "unexpected domain type %s, expecting test",
                        enum_name(&virt_type_names, config->type));
        return domain_config_defaults(config, &defaults, error);
}

static int test_store(LocalDomain *domain, const char *text, GError **error)
{
        (void)error;
        local_keep(domain, text);
        return 0;
}

static int test_load(LocalDomain *domain, char **ret, GError **error)
{
        (void)error;
        *ret = g_strdup(domain->definition);
        return 0;
}

static int test_remove(LocalDomain *domain, unsigned flags, GError **error)
{
        (void)flags, (void)error;
        local_keep(domain, NULL);
        return 0;
}

static int test_rename(LocalDomain *domain, const char *name, const char *text, GError **error)
{
        (void)name;
        return test_store(domain, text, error);
}

static int test_set_autostart(LocalDomain *domain, bool autostart, GError **error)
{
        (void)domain, (void)autostart, (void)error;
        return 0;
}

/* Each interface has a tap, by name at least. */
static int test_start(LocalDomain *domain, unsigned id, unsigned flags, GError **error)
{
        const Devices *devices = &domain->live->devices;

        (void)flags, (void)error;
        for (size_t i = 0; i < devices->n_interfaces; i++)
                if (!devices->interfaces[i]->target.dev)
                        devices->interfaces[i]->target.dev = g_strdup_printf("testnet%zu", i);
        test_show_addresses(domain, id);
        memset(test_of(&domain->domain)->frozen, 0, sizeof test_of(&domain->domain)->frozen);
        return 0;
}

static int test_run(LocalDomain *domain, GError **error)
{
        (void)domain, (void)error;
        return 0;
}

void test_forget_moments(Domain *domain)
{
        while (domain->snapshots)
                domain_remove_child(&domain->snapshots, domain->snapshots->pdata[0]);
        while (domain->checkpoints)
                domain_remove_child(&domain->checkpoints, domain->checkpoints->pdata[0]);
}

void test_stopped(Domain *domain, int reason, int detail)
{
        local_stopped(test_local(domain), reason, detail);
        if (domain->object.gone)
                test_forget_moments(domain);
}

static int test_kill(LocalDomain *domain, bool graceful, int reason, int detail, GError **error)
{
        (void)graceful, (void)error;
        test_stopped(&domain->domain, reason, detail);
        return 0;
}

static int test_live_memory(LocalDomain *domain, uint64_t kib, GError **error)
{
        const DomainBalloonChangeSignal arguments = { .actual = kib };

        (void)error;
        /* Who hears of it finds it so. */
        object_set_uint64(domain, DOMAIN_PROPERTY_MEMORY, kib);
        object_emit(domain, DOMAIN_SIGNAL_BALLOON_CHANGE, &arguments);
        return 0;
}

static int test_live_vcpus(LocalDomain *domain, unsigned vcpus, GError **error)
{
        (void)domain, (void)vcpus, (void)error;
        return 0;
}

static const LocalHooks hooks = {
        .os_type = "linux",
        .new = test_new,
        .complete = test_complete,
        .store = test_store,
        .load = test_load,
        .remove = test_remove,
        .rename = test_rename,
        .set_autostart = test_set_autostart,
        .start = test_start,
        .run = test_run,
        .kill = test_kill,
        .live_memory = test_live_memory,
        .live_vcpus = test_live_vcpus,
};

/* Operations of a domain. */

static int test_suspend(
        Domain *domain, const DomainSuspendIn *in, DomainSuspendOut *out, GError **error)
{
        (void)in, (void)out;
        if (domain_state(domain) != DOMAIN_RUNNING)
                return error_set(error, ERROR_INTERNAL_ERROR, "domain '%s' not running",
                        domain->properties.name);
        domain_set_state(domain, DOMAIN_PAUSED, PAUSED_USER, domain->properties.id);
        domain_emit(domain, EVENT_SUSPENDED, SUSPENDED_PAUSED);
        return 0;
}

static int test_resume(
        Domain *domain, const DomainResumeIn *in, DomainResumeOut *out, GError **error)
{
        (void)in, (void)out;
        if (domain_state(domain) != DOMAIN_PAUSED)
                return error_set(error, ERROR_INTERNAL_ERROR, "domain '%s' not paused",
                        domain->properties.name);
        domain_set_state(domain, DOMAIN_RUNNING, RUNNING_UNPAUSED, domain->properties.id);
        domain_emit(domain, EVENT_RESUMED, RESUMED_UNPAUSED);
        return 0;
}

static int test_shutdown(
        Domain *domain, const DomainShutdownIn *in, DomainShutdownOut *out, GError **error)
{
        (void)in, (void)out;
        if (!domain_is_active(domain))
                return error_set(error, ERROR_INTERNAL_ERROR, "domain '%s' not running",
                        domain->properties.name);
        test_stopped(domain, SHUTOFF_SHUTDOWN, STOPPED_SHUTDOWN);
        return 0;
}

static int test_reboot(
        Domain *domain, const DomainRebootIn *in, DomainRebootOut *out, GError **error)
{
        (void)in, (void)out, (void)error;
        object_emit(domain, DOMAIN_SIGNAL_REBOOT, NULL);
        domain_set_state(domain, DOMAIN_RUNNING, RUNNING_BOOTED, domain->properties.id);
        return 0;
}

static int test_reset(Domain *domain, const DomainResetIn *in, DomainResetOut *out, GError **error)
{
        (void)in, (void)out, (void)error;
        object_emit(domain, DOMAIN_SIGNAL_REBOOT, NULL);
        return 0;
}

static int test_get_stats(
        Domain *domain, const DomainGetStatsIn *in, DomainGetStatsOut *out, GError **error)
{
        uint32_t groups;

        if (local_stats_groups(in->stats, in->flags, &groups, error) < 0)
                return -1;
        if (groups & STATS_STATE)
                local_stats_state(test_local(domain), &out->records);
        return 0;
}

/* What was saved is used up by a start, however it starts. */
static int test_create(
        Domain *domain, const DomainCreateIn *in, DomainCreateOut *out, GError **error)
{
        if (domain_is_active(domain))
                return error_set(error, ERROR_INTERNAL_ERROR, "Domain '%s' is already running",
                        domain->properties.name);
        if (local_create(domain, in, out, error) < 0)
                return -1;
        object_set_bool(domain, DOMAIN_PROPERTY_HAS_MANAGED_SAVE, false);
        return 0;
}

/* Its guests have no init that could take the files. */
static int test_create_with_files(Domain *domain, const DomainCreateWithFilesIn *in,
        DomainCreateWithFilesOut *out, GError **error)
{
        const DomainCreateIn create = { .flags = in->flags };

        (void)out;
        return test_create(domain, &create, NULL, error);
}

static int test_domain_create_xml_with_files(Connection *connection,
        const ConnectionDomainCreateXMLWithFilesIn *in, ConnectionDomainCreateXMLWithFilesOut *out,
        GError **error)
{
        return local_run((LocalConnection *)connection, in->xml, "DomainCreateXMLWithFiles",
                LOCAL_BOOTED, in->flags, (Domain **)&out->domain, error);
}

static int test_undefine(
        Domain *domain, const DomainUndefineIn *in, DomainUndefineOut *out, GError **error)
{
        if (domain->properties.has_managed_save && !(in->flags & UNDEFINE_MANAGED_SAVE))
                return error_set(error, ERROR_OPERATION_INVALID,
                        "Refusing to undefine while domain managed save image exists");
        if (!domain_is_active(domain) && domain->snapshots &&
                !(in->flags & UNDEFINE_SNAPSHOTS_METADATA))
                return error_set(error, ERROR_OPERATION_INVALID,
                        "cannot delete inactive domain with %u snapshots", domain->snapshots->len);
        if (local_undefine(domain, in, out, error) < 0)
                return -1;
        object_set_bool(domain, DOMAIN_PROPERTY_HAS_MANAGED_SAVE, false);
        if (domain->object.gone)
                test_forget_moments(domain);
        return 0;
}

static const DomainOperations domain_operations = {
        .add_io_thread = test_add_io_thread,
        .core_dump = test_core_dump,
        .checkpoint_create_xml = test_checkpoint_create_xml,
        .create = test_create,
        .create_with_files = test_create_with_files,
        .del_io_thread = test_del_io_thread,
        .destroy = local_destroy,
        .fs_freeze = test_fs_freeze,
        .fs_thaw = test_fs_thaw,
        .fs_trim = test_fs_trim,
        .get_block_io_parameters = test_get_block_io_parameters,
        .get_block_io_tune = test_get_block_io_tune,
        .get_control_info = test_get_control_info,
        .get_disk_errors = test_get_disk_errors,
        .get_emulator_pin_info = test_get_emulator_pin_info,
        .get_fs_info = test_get_fs_info,
        .get_hostname = test_get_hostname,
        .get_interface_parameters = test_get_interface_parameters,
        .get_io_thread_info = test_get_io_thread_info,
        .get_memory_parameters = test_get_memory_parameters,
        .get_messages = test_get_messages,
        .get_metadata = local_get_metadata,
        .get_numa_parameters = test_get_numa_parameters,
        .get_perf_events = test_get_perf_events,
        .get_scheduler_parameters = test_get_scheduler_parameters,
        .get_security_label_list = test_get_security_label_list,
        .get_stats = test_get_stats,
        .get_time = test_get_time,
        .get_vcpu_pin_info = test_get_vcpu_pin_info,
        .get_vcpus = local_get_vcpus,
        .get_xml_desc = local_get_xml_desc,
        .has_managed_save_image = test_has_managed_save_image,
        .inject_nmi = test_inject_nmi,
        .interface_addresses = test_interface_addresses,
        .managed_save = test_managed_save,
        .managed_save_remove = test_managed_save_remove,
        .memory_peek = test_memory_peek,
        .memory_stats = test_memory_stats,
        .pin_emulator = test_pin_emulator,
        .pin_io_thread = test_pin_io_thread,
        .pin_vcpu = test_pin_vcpu,
        .reboot = test_reboot,
        .rename = local_rename,
        .reset = test_reset,
        .resume = test_resume,
        .save = test_save,
        .screenshot = test_screenshot,
        .send_key = test_send_key,
        .send_process_signal = test_send_process_signal,
        .set_autostart = local_set_autostart,
        .set_block_io_parameters = test_set_block_io_parameters,
        .set_block_io_tune = test_set_block_io_tune,
        .set_interface_parameters = test_set_interface_parameters,
        .set_lifecycle_action = local_set_lifecycle_action,
        .set_memory = local_set_memory,
        .set_memory_parameters = test_set_memory_parameters,
        .set_memory_stats_period = local_set_memory_stats_period,
        .set_metadata = local_set_metadata,
        .set_numa_parameters = test_set_numa_parameters,
        .set_perf_events = test_set_perf_events,
        .set_scheduler_parameters = test_set_scheduler_parameters,
        .set_time = test_set_time,
        .set_user_password = test_set_user_password,
        .set_vcpus = local_set_vcpus,
        .shutdown = test_shutdown,
        .snapshot_create_xml = test_snapshot_create_xml,
        .suspend = test_suspend,
        .undefine = test_undefine,
};

static const DomainSnapshotOperations snapshot_operations = {
        .delete = test_snapshot_delete,
        .get_xml_desc = test_snapshot_get_xml_desc,
        .revert = test_snapshot_revert,
};

static const DomainCheckpointOperations checkpoint_operations = {
        .delete = test_checkpoint_delete,
        .get_xml_desc = test_checkpoint_get_xml_desc,
};

/* The connection. */

static const ConnectionOperations connection_operations = {
        .baseline_cpu = test_baseline_cpu,
        .domain_create_xml = local_domain_create_xml,
        .domain_create_xml_with_files = test_domain_create_xml_with_files,
        .domain_define_xml = local_domain_define_xml,
        .domain_restore = test_domain_restore,
        .domain_save_image_define_xml = test_domain_save_image_define_xml,
        .domain_save_image_get_xml_desc = test_domain_save_image_get_xml_desc,
        .find_storage_pool_sources = test_find_storage_pool_sources,
        .interface_change_begin = test_interface_change_begin,
        .interface_change_commit = test_interface_change_commit,
        .interface_change_rollback = test_interface_change_rollback,
        .interface_define_xml = test_interface_define_xml,
        .get_capabilities = test_get_capabilities,
        .get_max_vcpus = test_get_max_vcpus,
        .get_cpu_model_names = test_get_cpu_model_names,
        .get_sysinfo = test_get_sysinfo,
        .network_create_xml = test_network_create_xml,
        .network_define_xml = test_network_define_xml,
        .node_get_cpu_map = test_node_get_cpu_map,
        .node_get_cpu_stats = test_node_get_cpu_stats,
        .node_get_free_memory = test_node_get_free_memory,
        .node_get_info = test_node_get_info,
        .node_get_security_model = test_node_get_security_model,
        .node_device_create_xml = test_node_device_create_xml,
        .nw_filter_define_xml = test_nw_filter_define_xml,
        .secret_define_xml = test_secret_define_xml,
        .storage_pool_create_xml = test_storage_pool_create_xml,
        .storage_pool_define_xml = test_storage_pool_define_xml,
};

static const char *const *test_defaults(Instance instance)
{
        static const char *const uris[] = { "test:///default", NULL };

        (void)instance;
        return uris;
}

static int test_probe(DriverObject *self, Instance instance, GError **error)
{
        const char *const *uris = test_defaults(instance);
        const DriverAccelerationValue none = {
                .reason = (char *)"the test driver has no guests to accelerate"
        };

        (void)error;
        object_set_bool(self, DRIVER_PROPERTY_AVAILABLE, true);
        object_set(self, DRIVER_PROPERTY_URIS, &(Array){ .items = (void *)uris, .n = 1 });
        object_set(self, DRIVER_PROPERTY_ACCELERATION, &none);
        return 0;
}

static bool is_default(const Uri *uri)
{
        return strcmp(uri->path, "/default") == 0;
}

/* Hosts of files are private to who opens them: each has a label of its own. */
static char *private_label(const char *path)
{
        static unsigned n_given;
        g_autofree char *name = g_path_get_basename(path);
        char *suffix = strrchr(name, '.');

        if (suffix && suffix != name)
                *suffix = '\0';
        g_strcanon(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS, '_');
        return g_strdup_printf("test_%.*s_%u", LABEL_NAME_MAX, name, ++n_given);
}

static int test_identify(const Uri *uri, Instance instance, bool read_only, char **ret_label,
        const char **ret_action, GError **error)
{
        (void)instance, (void)read_only;
        if (!uri->path[0] || strcmp(uri->path, "/") == 0)
                return error_set(
                        error, ERROR_INVALID_ARG, "testOpen: supply a path or use test:///default");
        *ret_label = is_default(uri) ? g_strdup("test_default") : private_label(uri->path);
        *ret_action = is_default(uri) ? "org.virtbus1.connection.open" :
                                        "org.virtbus1.connection.open-file";
        return 0;
}

static void test_connection_free(Object *object)
{
        connection_finish((Connection *)object);
        g_free(object);
}

static void test_stop_connection(Connection *connection)
{
        g_autoptr(GList) domains =
                g_hash_table_get_values(registry_all(&connection->registry, DOMAIN_BY_UUID));

        for (GList *link = domains; link; link = link->next) {
                test_forget_moments(link->data);
                registry_remove(&connection->registry, link->data);
        }
        test_objects_stop(connection);
}

static int test_open(const Uri *uri, Instance instance, bool read_only, const char *label,
        Connection **ret, GError **error)
{
        TestConnection *host = g_new0(TestConnection, 1);
        LocalConnection *self = &host->local;
        g_autoptr(Connection) connection = &self->connection;
        int r;

        (void)instance, (void)read_only;
        connection_init(connection, &test_driver, label, uri, test_connection_free);
        self->hooks = &hooks;
        host->room.limit = CONTENT_MAX;
        object_set_uint64(connection, CONNECTION_PROPERTY_VERSION, VERSION);
        r = is_default(uri) ? test_node_load_default(connection, error) :
                              test_node_load(connection, uri, error);
        if (r < 0) {
                test_stop_connection(connection);
                return -1;
        }
        *ret = g_steal_pointer(&connection);
        return 0;
}

static void test_start_connection(Connection *connection)
{
        GHashTableIter iter;
        void *domain;

        g_hash_table_iter_init(&iter, registry_all(&connection->registry, DOMAIN_BY_UUID));
        while (g_hash_table_iter_next(&iter, NULL, &domain)) {
                const GPtrArray *snapshots = ((Domain *)domain)->snapshots;

                object_publish(domain);
                for (unsigned i = 0; snapshots && i < snapshots->len; i++)
                        object_publish(snapshots->pdata[i]);
        }
        test_objects_start(connection);
}

const Driver test_driver = {
        .name = "test",
        .connection_operations = &connection_operations,
        .domain_operations = &domain_operations,
        .domain_snapshot_operations = &snapshot_operations,
        .domain_checkpoint_operations = &checkpoint_operations,
        .network_operations = &test_network_operations,
        .storage_pool_operations = &test_storage_pool_operations,
        .storage_vol_operations = &test_storage_vol_operations,
        .interface_operations = &test_interface_operations,
        .node_device_operations = &test_node_device_operations,
        .secret_operations = &test_secret_operations,
        .nw_filter_operations = &test_nw_filter_operations,
        .defaults = test_defaults,
        .probe = test_probe,
        .identify = test_identify,
        .open = test_open,
        .start = test_start_connection,
        .stop = test_stop_connection,
};
