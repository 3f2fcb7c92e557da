/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The richest processor that several hosts can all offer. */

#include <string.h>

#include "drivers/model/xml.h"
#include "drivers/test/cpu-features.h"
#include "drivers/test/test.h"

#define MAX_CPUS 1000

enum {
        BASELINE_EXPAND = 1 << 0,
};

/* What a host says of its processor. */
typedef struct HostCpu {
        char *arch, *model;
        const char *vendor;   /* as a processor says it; NULL: it is not said */
        GHashTable *features; /* a set of names */
} HostCpu;

static const struct {
        const char *name, *id;
} vendors[] = {
        { "Intel", "GenuineIntel" },
        { "AMD", "AuthenticAMD" },
        { "Hygon", "HygonGenuine" },
};

static const char *vendor_name(const char *id)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(vendors); i++)
                if (strcmp(vendors[i].id, id) == 0)
                        return vendors[i].name;
        return id;
}

static void cpu_clear(HostCpu *cpu)
{
        g_free(cpu->arch);
        g_free(cpu->model);
        g_clear_pointer(&cpu->features, g_hash_table_unref);
}

/* ---- models --------------------------------------------------------------------------------- */

static bool is_x86(const char *arch)
{
        return strcmp(arch, "x86_64") == 0 || strcmp(arch, "i686") == 0;
}

static const CpuFeatures *find_model(const char *name)
{
        for (unsigned i = 0; i < n_cpu_features; i++)
                if (strcmp(cpu_features[i].model, name) == 0 && test_x86_model(name))
                        return &cpu_features[i];
        return NULL;
}

static GHashTable *features_of(const CpuFeatures *model)
{
        GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autofree char **names = g_strsplit(model->features, " ", -1);

        for (unsigned i = 0; names[i]; i++)
                g_hash_table_add(set, names[i]);
        return set;
}

/* How many of a have no part in b. */
static unsigned count_missing(GHashTable *a, GHashTable *b)
{
        GHashTableIter iter;
        unsigned n = 0;
        void *name;

        g_hash_table_iter_init(&iter, a);
        while (g_hash_table_iter_next(&iter, &name, NULL))
                n += !g_hash_table_contains(b, name);
        return n;
}

/* The model from which the fewest features have to be named. One of the hosts' own comes first. */
static const CpuFeatures *nearest_model(
        GHashTable *features, const char *vendor, const HostCpu *cpus, size_t n)
{
        const CpuFeatures *best = NULL;
        unsigned least = UINT_MAX;

        for (unsigned i = 0; i < n_cpu_features + n; i++) {
                const CpuFeatures *model = i < n ? find_model(cpus[i].model) : &cpu_features[i - n];
                g_autoptr(GHashTable) own = features_of(model);
                unsigned cost = count_missing(own, features) + count_missing(features, own);

                if (!test_x86_model(model->model) || (vendor && strcmp(vendor, model->vendor) != 0))
                        continue;
                if (cost < least) {
                        best = model;
                        least = cost;
                }
        }
        return best;
}

/* ---- reading -------------------------------------------------------------------------------- */

static int read_vendor(HostCpu *cpu, const char *name, GError **error)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(vendors); i++)
                if (strcmp(vendors[i].name, name) == 0) {
                        cpu->vendor = vendors[i].id;
                        return 0;
                }
        return error_set(error, ERROR_INTERNAL_ERROR, "Unknown CPU vendor %s", name);
}

static int read_element(HostCpu *cpu, const xmlNode *node, GError **error)
{
        g_autofree char *own = NULL;
        const char *name = (const char *)node->name, *text;

        if (strcmp(name, "feature") == 0) {
                text = xml_property(node, "name", &own);
                if (!text || !text[0])
                        return error_set(error, ERROR_XML_ERROR, "Invalid CPU feature name");
                if (!g_hash_table_add(cpu->features, g_strdup(text)))
                        return error_set(error, ERROR_XML_ERROR,
                                "CPU feature '%s' specified more than once", text);
                return 0;
        }
        text = xml_content(node, &own) ?: "";
        if (strcmp(name, "vendor") == 0)
                return read_vendor(cpu, text, error);
        if (strcmp(name, "arch") == 0 && !cpu->arch)
                cpu->arch = g_strdup(text);
        else if (strcmp(name, "model") == 0 && !cpu->model)
                cpu->model = g_strdup(text);
        return 0;
}

/* What its model stands for is added to what it names. */
static int add_model(HostCpu *cpu, GError **error)
{
        const CpuFeatures *model = find_model(cpu->model);
        g_autoptr(GHashTable) features = NULL;
        GHashTableIter iter;
        void *name;

        if (!model)
                return error_set(error, ERROR_INTERNAL_ERROR, "Unknown CPU model %s", cpu->model);
        if (cpu->vendor && strcmp(cpu->vendor, model->vendor) != 0)
                return error_set(error, ERROR_OPERATION_FAILED,
                        "CPU vendor %s of model %s differs from vendor %s",
                        vendor_name(model->vendor), cpu->model, vendor_name(cpu->vendor));
        features = features_of(model);
        g_hash_table_iter_init(&iter, features);
        while (g_hash_table_iter_next(&iter, &name, NULL))
                g_hash_table_add(cpu->features, g_strdup(name));
        return 0;
}

static int read_cpu(const char *xml, HostCpu *cpu, GError **error)
{
        g_autoptr(xmlDoc) doc = xml_parse(xml, strlen(xml), "CPU_definition", error);
        g_autofree char *own = NULL;
        const xmlNode *root;

        if (!doc)
                return -1;
        root = xmlDocGetRootElement(doc);
        if (strcmp((const char *)root->name, "cpu") != 0)
                return error_set(error, ERROR_XML_ERROR,
                        "expecting root element of 'cpu', not '%s'", root->name);
        if (xml_property(root, "mode", &own))
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "Attribute mode is only allowed for guest CPU");
        cpu->features = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (const xmlNode *node = xml_first(root); node; node = xml_next(node))
                if (read_element(cpu, node, error) < 0)
                        return -1;
        if (!cpu->arch || !cpu->arch[0])
                return error_set(error, ERROR_XML_ERROR, "Missing CPU architecture");
        if (!cpu->model || !cpu->model[0])
                return error_set(error, ERROR_XML_ERROR, "Missing CPU model name");
        return is_x86(cpu->arch) ? add_model(cpu, error) : 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void write_features(XmlWriter *writer, GHashTable *set, GHashTable *but, const char *policy)
{
        g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(set), (GCompareFunc)strcmp);

        for (GList *link = names; link; link = link->next) {
                if (but && g_hash_table_contains(but, link->data))
                        continue;
                xml_open(writer, "feature");
                xml_attribute(writer, "policy", policy);
                xml_attribute(writer, "name", link->data);
                xml_close(writer, "feature");
        }
}

/* features and own may be NULL: there is nothing but the model. */
static char *write_cpu(const char *model, const char *vendor, bool exact, GHashTable *features,
        GHashTable *own, bool expand)
{
        XmlWriter writer = { .out = g_string_new(NULL) };

        xml_open(&writer, "cpu");
        xml_attribute(&writer, "mode", "custom");
        xml_attribute(&writer, "match", "exact");
        xml_open(&writer, "model");
        xml_attribute(&writer, "fallback", exact ? "forbid" : "allow");
        xml_text(&writer, model);
        xml_close(&writer, "model");
        if (vendor) {
                xml_open(&writer, "vendor");
                xml_text(&writer, vendor_name(vendor));
                xml_close(&writer, "vendor");
        }
        if (features) {
                write_features(&writer, features, expand ? NULL : own, "require");
                write_features(&writer, own, features, "disable");
        }
        xml_close(&writer, "cpu");
        return g_string_free(writer.out, FALSE);
}

/* ---- all together --------------------------------------------------------------------------- */

static bool all_same_model(const HostCpu *cpus, size_t n)
{
        for (size_t i = 1; i < n; i++)
                if (strcmp(cpus[i].model, cpus[0].model) != 0)
                        return false;
        return true;
}

/* Of processors whose features are not known, only equal ones have something in common. */
static int baseline_by_name(const HostCpu *cpus, size_t n, char **ret, GError **error)
{
        if (!all_same_model(cpus, n))
                return error_set(error, ERROR_OPERATION_FAILED, "CPUs are incompatible");
        *ret = write_cpu(cpus[0].model, NULL, true, NULL, NULL, false);
        return 0;
}

static gboolean is_missing(void *name, void *value, void *set)
{
        (void)value;
        return !g_hash_table_contains(set, name);
}

/* Takes the features of the first for those of all. */
static int baseline(HostCpu *cpus, size_t n, uint32_t flags, char **ret, GError **error)
{
        GHashTable *common = cpus[0].features;
        const char *said = cpus[0].vendor, *vendor = NULL;
        g_autoptr(GHashTable) own = NULL;
        const CpuFeatures *model;

        for (size_t i = 0; i < n; i++) {
                vendor = vendor ?: cpus[i].vendor;
                if (!cpus[i].vendor)
                        said = NULL;
                g_hash_table_foreach_remove(common, is_missing, cpus[i].features);
        }
        for (size_t i = 0; vendor && i < n; i++)
                if (strcmp(find_model(cpus[i].model)->vendor, vendor) != 0)
                        return error_set(error, ERROR_OPERATION_FAILED, "CPU vendors do not match");
        if (g_hash_table_size(common) == 0)
                return error_set(error, ERROR_OPERATION_FAILED, "CPUs are incompatible");
        model = nearest_model(common, vendor, cpus, n);
        own = features_of(model);
        *ret = write_cpu(
                model->model, said, all_same_model(cpus, n), common, own, flags & BASELINE_EXPAND);
        return 0;
}

TEST_HOST(baseline_cpu, BaselineCPU)
{
        size_t n = in->xml_cpus.n;
        g_autofree HostCpu *cpus = NULL;
        int r = 0;

        (void)connection;
        if (test_flags(in->flags, BASELINE_EXPAND, "testConnectBaselineCPU", error) < 0)
                return -1;
        if (n == 0)
                return error_set_argument(
                        error, "xmlCPUs in virConnectBaselineCPU must not be NULL");
        if (n > MAX_CPUS)
                return error_set_argument(
                        error, "ncpus in virConnectBaselineCPU must be at most %d", MAX_CPUS);
        cpus = g_new0(HostCpu, n);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = read_cpu(in->xml_cpus.items[i], &cpus[i], error);
                if (r >= 0 && strcmp(cpus[i].arch, cpus[0].arch) != 0)
                        r = error_set(error, ERROR_OPERATION_FAILED,
                                "CPUs of the architectures %s and %s are incompatible",
                                cpus[0].arch, cpus[i].arch);
        }
        if (r >= 0)
                r = is_x86(cpus[0].arch) ? baseline(cpus, n, in->flags, &out->cpu, error) :
                                           baseline_by_name(cpus, n, &out->cpu, error);
        for (size_t i = 0; i < n; i++)
                cpu_clear(&cpus[i]);
        return r;
}
