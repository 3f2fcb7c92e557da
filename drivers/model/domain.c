/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "drivers/model/document.h"
#include "drivers/model/domain-tables.h"

static const DocumentKind domain_kind = { "domain", "domain_definition", &domain_type };

static_assert((int)DOMAIN_XML_SECURE == BIND_WITH_SECRETS, "the engine's flag is libvirt's");
static_assert((int)DOMAIN_XML_INACTIVE == BIND_INACTIVE, "the engine's flag is libvirt's");

/* ---- the passes ----------------------------------------------------------------------------- */

/* Ahead of the tables, for the messages that clients know, and in the order of those. */
static int check_head(const xmlNode *root, GError **error)
{
        g_autofree char *own_name = NULL, *own_type = NULL;
        const char *name = NULL, *type;

        for (const xmlNode *child = xml_first(root); child && !name; child = xml_next(child))
                if (!child->ns && strcmp((const char *)child->name, "name") == 0)
                        name = xml_content(child, &own_name);
        if (document_check_name(name, error) < 0)
                return -1;
        type = xml_property(root, "type", &own_type);
        if (!type)
                return error_set(error, ERROR_INTERNAL_ERROR, "missing domain type attribute");
        if (enum_value(&virt_type_names, type) < 0)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED, "invalid domain type %s", type);
        return 0;
}

static int parse_children(const char *xml, const char *const *children, unsigned flags,
        DomainConfig **ret, GError **error)
{
        g_autoptr(DomainConfig) config = NULL;
        g_autoptr(xmlDoc) doc = NULL;
        const xmlNode *root;

        doc = xml_parse_children(xml, strlen(xml), domain_kind.what, children, error);
        if (!doc)
                return -1;
        root = xmlDocGetRootElement(doc);
        if (document_check_root(&domain_kind, (const char *)root->name, error) < 0 ||
                check_head(root, error) < 0)
                return -1;

        config = g_new0(DomainConfig, 1);
        if (bind_parse(&domain_type, root, flags, config, error) < 0 ||
                document_check_uuid(&config->uuid, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

int domain_config_parse(const char *xml, unsigned flags, DomainConfig **ret, GError **error)
{
        return parse_children(xml, NULL, flags, ret, error);
}

int domain_config_parse_head(const char *xml, DomainConfig **ret, GError **error)
{
        static const char *const head[] = { "name", "uuid", "title", "description", "memory",
                "currentMemory", "vcpu", "os", NULL };

        return parse_children(xml, head, DOMAIN_XML_INACTIVE, ret, error);
}

char *domain_config_format(const DomainConfig *config, unsigned flags)
{
        XmlWriter writer = { .out = g_string_sized_new(4096) };

        bind_format(&domain_type, "domain", config, flags, &writer);
        return g_string_free(writer.out, FALSE);
}

DomainConfig *domain_config_copy(const DomainConfig *config)
{
        return bind_duplicate(&domain_type, config);
}

void domain_config_free(DomainConfig *config)
{
        bind_free(&domain_type, config);
}

int domain_config_identify(const char *xml, char **ret_name, char **ret_uuid, GError **error)
{
        g_autofree char *name = NULL, *uuid = NULL;
        const DocumentField fields[] = { { "name", &name }, { "uuid", &uuid } };

        if (document_identify(&domain_kind, xml, fields, G_N_ELEMENTS(fields), error) < 0 ||
                document_check_name(name, error) < 0 || document_check_uuid(&uuid, error) < 0)
                return -1;
        *ret_name = g_steal_pointer(&name);
        if (ret_uuid)
                *ret_uuid = g_steal_pointer(&uuid);
        return 0;
}

/* ---- metadata ------------------------------------------------------------------------------- */

/* A document with the metadata as its child, which knows the namespaces that the domain declares.
 */
static xmlDoc *metadata_parse(const DomainConfig *config, GError **error)
{
        XmlWriter writer = { .out = g_string_new("<domain") };
        g_autoptr(GString) text = writer.out;

        g_string_append_printf(text, "%s>\n", config->kept.attributes ?: "");
        if (config->metadata)
                xml_write_kept(&writer, config->metadata);
        g_string_append(text, "</domain>");
        return xml_parse(text->str, text->len, "metadata_xml", error);
}

static xmlNode *metadata_find(const xmlNode *metadata, const char *uri)
{
        for (xmlNode *child = metadata ? xml_first(metadata) : NULL; child; child = xml_next(child))
                if (child->ns && strcmp((const char *)child->ns->href, uri) == 0)
                        return child;
        return NULL;
}

/* Takes the elements out of a namespace; attributes stay in it. Whether there are such. */
static bool leave_namespace(xmlNode *node, const char *uri)
{
        bool used = false;

        if (node->ns && strcmp((const char *)node->ns->href, uri) == 0)
                node->ns = NULL;
        for (const xmlAttr *attr = node->properties; attr; attr = attr->next)
                used |= attr->ns && strcmp((const char *)attr->ns->href, uri) == 0;
        for (xmlNode *child = xml_first(node); child; child = xml_next(child))
                used |= leave_namespace(child, uri);
        return used;
}

static void forget_namespace(xmlNode *node, const char *uri)
{
        for (xmlNs **at = &node->nsDef; *at;) {
                xmlNs *ns = *at;

                if (strcmp((const char *)ns->href, uri) != 0) {
                        at = &ns->next;
                        continue;
                }
                *at = ns->next;
                xmlFreeNs(ns);
        }
}

char *domain_config_metadata_get(const DomainConfig *config, const char *uri, GError **error)
{
        g_autoptr(xmlDoc) doc = metadata_parse(config, error);
        XmlWriter writer = { .out = NULL };
        g_autoptr(GString) kept = NULL;
        xmlNode *node, *copy;

        if (!doc)
                return NULL;
        node = metadata_find(xml_first(xmlDocGetRootElement(doc)), uri);
        if (!node) {
                error_set(error, ERROR_NO_DOMAIN_METADATA,
                        "Requested metadata element is not present");
                return NULL;
        }
        kept = g_string_new(NULL);
        /* The copy declares the namespaces that were declared above it; the one that the caller
         * asked for is not told, as libvirt does not. */
        copy = xmlDocCopyNode(node, doc, 1);
        if (!leave_namespace(copy, uri))
                forget_namespace(copy, uri);
        xml_keep(kept, copy);
        xmlFreeNode(copy);
        writer.out = g_string_new(NULL);
        xml_write_kept(&writer, kept->str);
        g_string_truncate(writer.out, writer.out->len - 1); /* no end of line */
        return g_string_free(writer.out, FALSE);
}

int domain_config_metadata_set(
        DomainConfig *config, const char *key, const char *uri, const char *xml, GError **error)
{
        g_autoptr(xmlDoc) doc = metadata_parse(config, error), added = NULL;
        xmlNode *metadata, *old, *new;
        xmlNs *ns;

        if (!doc)
                return -1;
        metadata = xml_first(xmlDocGetRootElement(doc));
        if (xml) {
                if (!key || xmlValidateNCName((const xmlChar *)key, 0) != 0)
                        return error_set(error, ERROR_INVALID_ARG,
                                "'%s' is not a prefix for a namespace", key ?: "");
                added = xml_parse(xml, strlen(xml), "metadata_xml", error);
                if (!added)
                        return -1;
                if (!metadata)
                        metadata = xmlNewChild(
                                xmlDocGetRootElement(doc), NULL, (const xmlChar *)"metadata", NULL);
        }

        old = metadata_find(metadata, uri);
        if (old) {
                xmlUnlinkNode(old);
                xmlFreeNode(old);
        }
        if (xml) {
                new = xmlDocCopyNode(xmlDocGetRootElement(added), doc, 1);
                if (new->ns && strcmp((const char *)new->ns->href, uri) == 0) {
                        xmlAddChild(metadata, new);
                } else {
                        ns = xmlNewNs(new, (const xmlChar *)uri, (const xmlChar *)key);
                        if (!ns) {
                                xmlFreeNode(new);
                                return error_set(error, ERROR_INVALID_ARG,
                                        "the prefix '%s' has another meaning in the element", key);
                        }
                        xmlSetNs(new, ns);
                        xmlAddChild(metadata, new);
                }
        }

        g_clear_pointer(&config->metadata, g_free);
        if (metadata && xml_first(metadata)) {
                g_autoptr(GString) kept = g_string_new(NULL);

                xml_keep(kept, metadata);
                config->metadata = g_strndup(kept->str, kept->len);
        }
        return 0;
}

/* ---- finding devices ------------------------------------------------------------------------ */

Controller *domain_config_controller(
        const DomainConfig *config, ControllerType type, unsigned index)
{
        for (size_t i = 0; i < config->devices.n_controllers; i++) {
                Controller *controller = config->devices.controllers[i];

                if (controller->type == type && number_or(controller->index, -1) == index)
                        return controller;
        }
        return NULL;
}

Disk *domain_config_disk(const DomainConfig *config, const char *dev)
{
        for (size_t i = 0; i < config->devices.n_disks; i++)
                if (g_strcmp0(config->devices.disks[i]->target.dev, dev) == 0)
                        return config->devices.disks[i];
        return NULL;
}

Controller *domain_config_add_controller(
        DomainConfig *config, ControllerType type, unsigned index, const char *model)
{
        Controller *controller = g_new0(Controller, 1);

        controller->type = type;
        controller->index = number(index);
        controller->model = g_strdup(model);
        list_append(&config->devices.controllers, &config->devices.n_controllers, controller);
        return controller;
}

int domain_config_each_device(const DomainConfig *config, DeviceVisit visit, void *data)
{
        const Devices *devices = &config->devices;
        int r;

#define VISIT(list, kind)                                                         \
        for (size_t i = 0; i < devices->n_##list; i++) {                          \
                r = visit(&devices->list[i]->info, kind, devices->list[i], data); \
                if (r != 0)                                                       \
                        return r;                                                 \
        }
#define VISIT_ONE(field, kind)                                                \
        if (devices->field) {                                                 \
                r = visit(&devices->field->info, kind, devices->field, data); \
                if (r != 0)                                                   \
                        return r;                                             \
        }
        VISIT(disks, "disk");
        VISIT(controllers, "controller");
        VISIT(interfaces, "interface");
        VISIT(serials, "serial");
        VISIT(parallels, "parallel");
        VISIT(consoles, "console");
        VISIT(channels, "channel");
        VISIT(inputs, "input");
        VISIT(sounds, "sound");
        VISIT(videos, "video");
        VISIT(filesystems, "filesystem");
        VISIT(smartcards, "smartcard");
        VISIT(tpms, "tpm");
        VISIT(hostdevs, "hostdev");
        VISIT(redirdevs, "redirdev");
        VISIT(hubs, "hub");
        VISIT(panics, "panic");
        VISIT(shmems, "shmem");
        VISIT(memories, "memory");
        VISIT(cryptos, "crypto");
        VISIT(others, devices->others[i]->name);
        VISIT(watchdogs, "watchdog");
        VISIT_ONE(memballoon, "memballoon");
        VISIT(rngs, "rng");
        VISIT_ONE(nvram, "nvram");
        VISIT_ONE(iommu, "iommu");
        VISIT_ONE(vsock, "vsock");
#undef VISIT
#undef VISIT_ONE
        return 0;
}
