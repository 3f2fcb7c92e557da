/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/test/node.h"

#include <string.h>

#include "drivers/credentials.h"
#include "drivers/model/xml.h"
#include "drivers/test/default-host.h"
#include "drivers/test/objects.h"
#include "drivers/test/test.h"
#include "service/base/file.h"

/* What one host may cost: each file is bounded as any document is. */
#define MAX_OBJECTS 10000
#define MAX_BYTES ((size_t)16 << 20)

/* Objects after which others have their turn. */
#define TURN 16

#define DEFAULT_HOST "test:///default"

typedef struct Host {
        TestConnection *connection;
        const char *file; /* against which relative names are resolved */
        unsigned n_objects;
        size_t bytes;
} Host;

/* The element that describes one object, wherever it stands. */
typedef struct Part {
        const char *file;
        xmlNode *node;
        void *owner; /* of what it is a part: a pool, a domain */
} Part;

/* Puts the place in front of an error. Always -1. */
static int at(const Part *part, GError **error)
{
        error_prefix(error, "%s:%ld", part->file, xmlGetLineNo(part->node));
        return -1;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Suspends. */
static int read_document(Host *host, const char *path, xmlDoc **ret, GError **error)
{
        g_autofree char *text = NULL;
        size_t size;
        int r = file_load(path, XML_MAX_BYTES, &text, &size);

        if (r == -EFBIG)
                return error_set(
                        error, ERROR_XML_ERROR, "%s is larger than %zu bytes", path, XML_MAX_BYTES);
        if (r == -EINVAL)
                return error_set(error, ERROR_XML_ERROR, "%s is not a file", path);
        if (r < 0)
                return error_set_errno(error, r, "cannot read the test host's file '%s'", path);
        host->bytes += size;
        if (host->bytes > MAX_BYTES)
                return error_set(error, ERROR_XML_ERROR,
                        "%s: the files of the host have more than %zu bytes together", path,
                        MAX_BYTES);
        *ret = xml_parse(text, size, path, error);
        return *ret ? 0 : -1;
}

static int check_root(const char *file, const xmlNode *root, const char *name, GError **error)
{
        if (strcmp((const char *)root->name, name) == 0)
                return 0;
        return error_set(error, ERROR_XML_ERROR, "%s: expecting root element of '%s', not '%s'",
                file, name, root->name);
}

/* ---- elements ------------------------------------------------------------------------------- */

static bool is_of_test(const xmlNode *node)
{
        return node->ns && strcmp((const char *)node->ns->href, TEST_NAMESPACE) == 0;
}

/* The first element of that name, in the namespace of what is the test host's or in none. */
static xmlNode *find_from(xmlNode *node, const char *name, bool of_test)
{
        while (node && (strcmp((const char *)node->name, name) != 0 || is_of_test(node) != of_test))
                node = xml_next(node);
        return node;
}

static xmlNode *find(const xmlNode *parent, const char *name)
{
        return find_from(xml_first(parent), name, false);
}

static xmlNode *find_of_test(const xmlNode *parent, const char *name)
{
        return find_from(xml_first(parent), name, true);
}

/* A number in an element; 0 where there is no such element, and *ret is left alone. */
static int read_number(const xmlNode *node, int64_t max, int64_t *ret)
{
        g_autofree char *own = NULL;
        const char *text = node ? xml_content(node, &own) : NULL;
        g_autofree char *stripped = text ? g_strstrip(g_strdup(text)) : NULL;
        gint64 value;

        if (!node)
                return 0;
        if (!stripped || !g_ascii_string_to_signed(stripped, 10, 0, max, &value, NULL))
                return -1;
        *ret = value;
        return 1;
}

static bool uses_namespace(const xmlNode *node, const xmlNs *namespace)
{
        if (node->ns == namespace)
                return true;
        for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next)
                if (attribute->ns == namespace)
                        return true;
        for (const xmlNode *child = xml_first(node); child; child = xml_next(child))
                if (uses_namespace(child, namespace))
                        return true;
        return false;
}

/* A declaration of the test host's namespace that nothing needs any more would be taken for a part
 * of the object. */
static void drop_declaration(xmlNode *root)
{
        for (xmlNs **link = &root->nsDef; *link;) {
                xmlNs *namespace = *link;

                if (strcmp((const char *)namespace->href, TEST_NAMESPACE) != 0 ||
                        uses_namespace(root, namespace)) {
                        link = &namespace->next;
                        continue;
                }
                *link = namespace->next;
                xmlFreeNs(namespace);
        }
}

/* The element as a document of its own, without what it says to the test host: the elements of its
 * namespace, and those of the other name. */
static char *part_text(const Part *part, const char *other)
{
        g_autoptr(xmlDoc) doc = xmlNewDoc((const xmlChar *)"1.0");
        xmlNode *root = xmlDocCopyNode(part->node, doc, 1);
        xmlChar *text;
        char *copy;

        xmlDocSetRootElement(doc, root);
        for (xmlNode *child = xml_first(root), *next; child; child = next) {
                next = xml_next(child);
                if (!is_of_test(child) && (!other || strcmp((const char *)child->name, other) != 0))
                        continue;
                xmlUnlinkNode(child);
                xmlFreeNode(child);
        }
        if (is_of_test(root))
                root->ns = NULL;
        drop_declaration(root);
        xmlDocDumpMemory(doc, &text, NULL);
        copy = g_strdup((const char *)text);
        xmlFree(text);
        return copy;
}

typedef int (*Load)(Host *host, const Part *part, GError **error);

/* Suspends. The element, or the root of the file that it names. */
static int load_part(
        Host *host, const Part *part, const char *file, const char *name, Load load, GError **error)
{
        g_autofree char *directory = g_path_get_dirname(host->file);
        g_autofree char *path = g_canonicalize_filename(file, directory);
        g_autoptr(xmlDoc) doc = NULL;
        Part other = { .file = path, .owner = part->owner };

        if (read_document(host, path, &doc, error) < 0)
                return at(part, error);
        other.node = xmlDocGetRootElement(doc);
        if (check_root(path, other.node, name, error) < 0)
                return at(part, error);
        return load(host, &other, error);
}

/* Suspends. Loads each object of a kind that an element has. */
static int load_each(Host *host, const Part *parent, void *owner, const char *name, bool of_test,
        Load load, GError **error)
{
        for (xmlNode *node = find_from(xml_first(parent->node), name, of_test); node;
                node = find_from(xml_next(node), name, of_test)) {
                const Part part = { .file = parent->file, .node = node, .owner = owner };
                g_autofree char *own = NULL;
                const char *file = xml_property(node, "file", &own);

                if (++host->n_objects > MAX_OBJECTS) {
                        error_set(error, ERROR_XML_ERROR, "the host has more than %d objects",
                                MAX_OBJECTS);
                        return at(&part, error);
                }
                if (host->n_objects % TURN == 0 && fiber_yield() < 0)
                        return error_set(error, ERROR_OPERATION_ABORTED,
                                "reading the test host was given up");
                if (file && !host->file) {
                        error_set(error, ERROR_XML_ERROR, "there are no other files");
                        return at(&part, error);
                }
                if ((file ? load_part(host, &part, file, name, load, error) :
                            load(host, &part, error)) < 0)
                        return -1;
        }
        return 0;
}

/* ---- objects -------------------------------------------------------------------------------- */

static int load_network(Host *host, const Part *part, GError **error)
{
        g_autofree char *xml = part_text(part, NULL);

        return test_network_load(&host->connection->local.connection, xml, error) < 0 ?
                at(part, error) :
                0;
}

static int load_interface(Host *host, const Part *part, GError **error)
{
        g_autofree char *xml = part_text(part, NULL);

        return test_interface_load(&host->connection->local.connection, xml, error) < 0 ?
                at(part, error) :
                0;
}

static int load_node_device(Host *host, const Part *part, GError **error)
{
        g_autofree char *xml = part_text(part, NULL);

        return test_node_device_load(&host->connection->local.connection, xml, error) < 0 ?
                at(part, error) :
                0;
}

static int load_volume(Host *host, const Part *part, GError **error)
{
        g_autofree char *xml = part_text(part, NULL);

        (void)host;
        return test_storage_vol_load(part->owner, xml, error) < 0 ? at(part, error) : 0;
}

static int load_pool(Host *host, const Part *part, GError **error)
{
        g_autofree char *xml = part_text(part, "volume");
        StoragePool *pool;

        if (test_storage_pool_load(&host->connection->local.connection, xml, &pool, error) < 0)
                return at(part, error);
        return load_each(host, part, pool, "volume", false, load_volume, error);
}

static int load_snapshot(Host *host, const Part *part, GError **error)
{
        g_autofree char *xml = part_text(part, NULL);
        int64_t current = 0;

        (void)host;
        if (read_number(find(part->node, "active"), 1, &current) < 0) {
                error_set(error, ERROR_XML_ERROR, "Could not find 'active' element");
                return at(part, error);
        }
        return test_snapshot_load(part->owner, xml, current, error) < 0 ? at(part, error) : 0;
}

/* How a domain begins. */
typedef struct Beginning {
        DomainState state;
        bool transient;
        bool saved;
} Beginning;

static int read_beginning(const xmlNode *node, Beginning *ret, GError **error)
{
        int64_t state = DOMAIN_RUNNING;
        int r = read_number(find_of_test(node, "runstate"), G_MAXINT64, &state);

        if (r < 0)
                return error_set(error, ERROR_XML_ERROR, "invalid runstate");
        if (state > DOMAIN_PMSUSPENDED)
                return error_set(error, ERROR_XML_ERROR,
                        "runstate '%" G_GINT64_FORMAT "' out of range'", state);
        ret->state = (DomainState)state;
        ret->transient = find_of_test(node, "transient");
        ret->saved = find_of_test(node, "hasmanagedsave");
        if (ret->transient && ret->state == DOMAIN_SHUTOFF)
                return error_set(
                        error, ERROR_XML_ERROR, "transient domain cannot have runstate 'shutoff'");
        if (ret->saved && ret->state != DOMAIN_SHUTOFF)
                return error_set(error, ERROR_XML_ERROR,
                        "domain with managedsave data can only have runstate 'shutoff'");
        return 0;
}

/* A domain that is defined and off. */
static int add_domain(LocalConnection *self, const char *xml, LocalDomain **ret, GError **error)
{
        g_autoptr(DomainConfig) config = NULL;
        g_autofree char *text = NULL;

        if (domain_config_parse(xml, DOMAIN_XML_INACTIVE, &config, error) < 0 ||
                self->hooks->complete(self, config, error) < 0 ||
                domain_config_validate(config, error) < 0 ||
                local_format(config, DOMAIN_XML_INACTIVE, &text, error) < 0 ||
                local_domain_restore(self, config->name, text, false, ret, error) < 0)
                return -1;
        return self->hooks->store(*ret, text, error);
}

/* It runs as it is defined, and it is not known since when or why. */
static int begin_domain(LocalDomain *domain, DomainState state, GError **error)
{
        unsigned id = ++local_connection(domain)->last_id;

        if (local_definition(domain, &domain->live, error) < 0 ||
                local_hooks(domain)->start(domain, id, 0, error) < 0)
                return -1;
        domain->live->id = number(id);
        local_refresh(domain, domain->live);
        domain_set_state(&domain->domain, state, 0, id);
        return 0;
}

static int load_domain(Host *host, const Part *part, GError **error)
{
        g_autofree char *xml = part_text(part, NULL);
        Beginning beginning = { 0 };
        LocalDomain *domain;

        if (read_beginning(part->node, &beginning, error) < 0 ||
                add_domain(&host->connection->local, xml, &domain, error) < 0 ||
                (beginning.state != DOMAIN_SHUTOFF &&
                        begin_domain(domain, beginning.state, error) < 0))
                return at(part, error);
        object_set_bool(domain, DOMAIN_PROPERTY_HAS_MANAGED_SAVE, beginning.saved);
        if (beginning.transient) {
                local_hooks(domain)->remove(domain, 0, NULL);
                object_set_bool(domain, DOMAIN_PROPERTY_PERSISTENT, false);
        }
        if (load_each(host, part, domain, "domainsnapshot", true, load_snapshot, error) < 0)
                return -1;
        return test_snapshots_check(&domain->domain, error) < 0 ? at(part, error) : 0;
}

/* ---- the host ------------------------------------------------------------------------------- */

static const TestNode default_node = {
        .model = "i686",
        .memory = 3 << 20,
        .cpus = 16,
        .mhz = 1400,
        .nodes = 2,
        .sockets = 2,
        .cores = 2,
        .threads = 2,
};

/* No more than one too many: four such numbers can be more than an int64_t has. */
static int64_t count_cpus(const TestNode *node)
{
        const int64_t factors[] = { node->nodes, node->sockets, node->cores, node->threads };
        int64_t count = 1;

        for (unsigned i = 0; i < G_N_ELEMENTS(factors); i++)
                count = MIN(count * factors[i], (int64_t)INT32_MAX + 1);
        return count;
}

static int read_cpu(const xmlNode *cpu, TestNode *node, GError **error)
{
        const struct {
                const char *name;
                int32_t *place;
        } fields[] = {
                { "nodes", &node->nodes },
                { "sockets", &node->sockets },
                { "cores", &node->cores },
                { "threads", &node->threads },
                { "active", &node->cpus },
                { "mhz", &node->mhz },
        };
        const xmlNode *model = find(cpu, "model");
        g_autofree char *own = NULL;
        const char *name = model ? xml_content(model, &own) : NULL;

        for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
                int64_t value = *fields[i].place;

                if (fields[i].place == &node->cpus)
                        value = count_cpus(node);
                if (read_number(find(cpu, fields[i].name), INT32_MAX, &value) < 0 ||
                        value > INT32_MAX)
                        return error_set(error, ERROR_XML_ERROR, "invalid node cpu %s value",
                                fields[i].name);
                *fields[i].place = (int32_t)value;
        }
        if (name && g_strlcpy(node->model, name, sizeof node->model) >= sizeof node->model)
                return error_set(error, ERROR_XML_ERROR, "Model %s too big for destination", name);
        return 0;
}

static int read_node(const Part *part, TestNode *node, GError **error)
{
        const xmlNode *cpu = find(part->node, "cpu");
        int64_t memory;
        int r;

        *node = default_node;
        if (cpu && read_cpu(cpu, node, error) < 0)
                return at(part, error);
        r = read_number(find(part->node, "memory"), G_MAXINT64, &memory);
        if (r < 0) {
                error_set(error, ERROR_XML_ERROR, "invalid node memory value");
                return at(part, error);
        }
        if (r > 0)
                node->memory = (uint64_t)memory;
        return 0;
}

/* The user of that name; NULL: none. */
static const xmlNode *find_user(const xmlNode *auth, const char *name)
{
        for (const xmlNode *user = find(auth, "user"); user;
                user = find_from(xml_next(user), "user", false)) {
                g_autofree char *own = NULL;
                const char *text = xml_content(user, &own);

                if (strcmp(text ?: "", name) == 0)
                        return user;
        }
        return NULL;
}

/* Suspends. What a user of the host types, or a file of credentials has. */
static int ask(const Uri *uri, const char *what, bool echo, char **ret, GError **error)
{
        g_autofree char *prompt = g_strdup_printf("Enter %s for %s", what, uri->text);
        const ClientQuestion question = {
                .uri = uri->text, .what = what, .prompt = prompt, .echo = echo
        };

        return credential_get(uri, "test", &question, ret, error);
}

/* Suspends. Where the host has users, one of them opens it. */
static int check_users(const Part *part, const Uri *uri, GError **error)
{
        const xmlNode *auth = find(part->node, "auth"), *user;
        g_autofree char *name = NULL, *given = NULL, *own = NULL;
        const char *password;

        if (!auth || !find(auth, "user"))
                return 0;
        if (find_user(auth, "")) {
                error_set(error, ERROR_XML_ERROR, "missing username in /node/auth/user field");
                return at(part, error);
        }
        if (ask(uri, "username", true, &name, error) < 0)
                return -1;
        user = find_user(auth, name);
        password = user ? xml_property(user, "password", &own) : NULL;
        /* Who has guessed a wrong name is not told so before the password either. */
        if ((!user || password) && ask(uri, "password", false, &given, error) < 0)
                return -1;
        if (!user || (password && strcmp(password, given) != 0))
                return error_set(error, ERROR_AUTH_FAILED,
                        "the test host '%s' does not know that user name and password", part->file);
        return 0;
}

static int load(Host *host, const Uri *uri, xmlDoc *doc, const char *file, GError **error)
{
        static const struct {
                const char *name;
                Load load;
        } kinds[] = {
                { "domain", load_domain },
                { "network", load_network },
                { "interface", load_interface },
                { "pool", load_pool },
                { "device", load_node_device },
        };
        const Part part = { .file = file, .node = xmlDocGetRootElement(doc) };

        if (check_root(file, part.node, "node", error) < 0 || check_users(&part, uri, error) < 0 ||
                read_node(&part, &host->connection->node, error) < 0)
                return -1;
        for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
                if (load_each(host, &part, NULL, kinds[i].name, false, kinds[i].load, error) < 0)
                        return -1;
        return 0;
}

int test_node_load(Connection *connection, const Uri *uri, GError **error)
{
        const char *path = uri->path;
        Host host = { .connection = (TestConnection *)connection, .file = path };
        g_autoptr(xmlDoc) doc = NULL;

        if (read_document(&host, path, &doc, error) < 0)
                return -1;
        return load(&host, uri, doc, path, error);
}

int test_node_load_default(Connection *connection, GError **error)
{
        Host host = { .connection = (TestConnection *)connection };
        g_autoptr(xmlDoc) doc =
                xml_parse(test_default_host, strlen(test_default_host), DEFAULT_HOST, error);

        if (!doc || load(&host, NULL, doc, DEFAULT_HOST, error) < 0)
                return -1;
        host.connection->n_cells = TEST_CELLS;
        return 0;
}
