/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Members that the peer carries out. What a member is on the wire is the map's to know
 * (drivers/wire/map.h); here are the calls, what they leave to do afterwards, and the few that are
 * more than a call: streams, and what is answered from the mirror. */

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "drivers/remote/graphics.h"
#include "drivers/remote/remote.h"
#include "drivers/remote/stream.h"
#include "drivers/wire/map.h"
#include "service/base/cleanup.h"

/* A picture of a screen is kept in memory until all of it is here. */
#define PICTURE_MAX (128 * 1024 * 1024)
/* The flag of a volume's streams that allows holes. */
#define SPARSE_STREAM UINT32_C(1)

RemoteLink *remote_link_of(RemoteConnection *self, GError **error)
{
        if (self->ready)
                return remote_link_ref(self->link);
        error_set(error, ERROR_RPC, "%s: the link is down: %s", self->target->uri->text,
                self->connection.properties.link_error ?: "it is being opened");
        return NULL;
}

/* An argument may name an object by one text alone: then it is found by that, or the peer finds it.
 */
static const struct {
        char letter;
        RegistryKey key;
        int32_t lookup; /* its argument is the text, its answer the name in full */
} short_names[] = {
        { 'D', DOMAIN_BY_NAME, WIRE_DOMAIN_LOOKUP_BY_NAME },
        { 'V', STORAGE_VOL_BY_KEY, WIRE_STORAGE_VOL_LOOKUP_BY_KEY },
};

/* That text, or NULL for a name that is whole. */
static const char *short_name(char kind, const void *name)
{
        static const uint8_t none[16];
        const WireDomain *domain = name;
        const WireVol *volume = name;

        if (kind == 'D')
                return memcmp(domain->uuid, none, sizeof none) == 0 ? domain->name : NULL;
        return kind == 'V' && !volume->pool ? volume->key : NULL;
}

/* Under the lock. Suspends. */
static int find_short(RemoteConnection *self, const MirrorKind *kind, const char *text,
        Object **ret, GError **error)
{
        unsigned i = 0;
        g_auto(RemoteCall) call = { 0 };
        Object *object;

        while (short_names[i].letter != kind->letter)
                i++;
        object = registry_find(&self->connection.registry, short_names[i].key, text);
        if (object) {
                *ret = object_ref(object);
                return 0;
        }
        if (!self->link)
                return error_set(error, ERROR_RPC, "the link to the peer is lost");
        if (remote_call(&call, self->link, short_names[i].lookup, &text, error) < 0)
                return -1;
        return mirror_ensure(self, kind, call.ret.bytes, ret, error);
}

/* Suspends. */
static int find(char letter, const void *name, Object **ret, void *data, GError **error)
{
        const MirrorKind *kind = mirror_kind_of_letter(letter);
        const char *text = short_name(letter, name);
        RemoteConnection *self = data;
        int r;

        if (!kind)
                return error_set(error, ERROR_NO_SUPPORT, "objects of the kind '%c'", letter);
        if (mirror_lock(self, error) < 0)
                return -1;
        r = text ? find_short(self, kind, text, ret, error) :
                   mirror_ensure(self, kind, name, ret, error);
        mirror_unlock(self);
        return r;
}

/* A call of a member, from its In to its Out. */
typedef struct Member {
        RemoteConnection *self;
        Object *object;
        const WireMap *map;
        const WireProcedure *procedure;
        WireMapContext context;
        RemoteCall call;
        union {
                uint64_t align;
                char bytes[WIRE_DATA_MAX];
        } args;
} Member;

static void member_clear(Member *member)
{
        if (!member->procedure)
                return;
        wire_clear(member->procedure->args, member->args.bytes);
        remote_call_clear(&member->call);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Member, member_clear)

/* Hosts from before libvirt 7.2 take them in the other order, and have no such feature. */
static void swap_network_update(WireNetworkUpdateArgs *args)
{
        uint32_t section = args->section;

        args->section = args->command;
        args->command = section;
}

static int member_begin(
        Member *member, Object *object, const WireMap *map, const void *in, GError **error)
{
        RemoteConnection *self = remote_of(object);
        const Domain *domain = object_domain(object);
        int r;

        *member = (Member){
                .self = self,
                .object = object,
                .map = map,
                .procedure = wire_map_procedure(map),
                .context = {
                        .find = find,
                        .data = self,
                        .cpus = self->cpus,
                        .vcpus = domain ? domain->properties.max_vcpus : 0,
                },
        };
        r = wire_map_args(map, &member->context, object->class == &connection_class ? NULL : object,
                in, member->args.bytes, error);
        if (r >= 0 && map->procedure == WIRE_NETWORK_UPDATE && !self->features.network_update_ok)
                swap_network_update((WireNetworkUpdateArgs *)member->args.bytes);
        return r;
}

/* Suspends. */
static int member_call(Member *member, RemoteLink *link, int32_t number, const int *fds,
        unsigned n_fds, RemoteStream *stream, uint64_t deadline, GError **error)
{
        Job *job = member->object->class == &domain_class ? job_running() : NULL;

        remote_call_clear(&member->call);
        if (remote_call_send_to(&member->call, link, member->map->program, number,
                    member->args.bytes, fds, n_fds, stream, deadline, error) < 0)
                return -1;
        return job ? remote_work_finish(&member->call, member->object, job, error) :
                     remote_call_finish(&member->call, error);
}

static int member_end(Member *member, void *out, GError **error)
{
        return wire_map_out(member->map, &member->context, member->args.bytes,
                member->call.ret.bytes, out, error);
}

/* What a method has beside values. */

typedef enum Extra {
        EXTRA_FILES,    /* In.files go with the call */
        EXTRA_GRAPHICS, /* a descriptor comes with the reply */
        EXTRA_CONSOLE,  /* a stream both ways */
        EXTRA_DOWNLOAD, /* a stream on a link of its own */
        EXTRA_UPLOAD,
        EXTRA_PICTURE, /* a stream that is a file when it is complete */
} Extra;

typedef struct ExtraRow {
        const ClassInfo *class;
        unsigned method;
        Extra extra;
        size_t offset; /* of the descriptor in Out, or of the descriptors in In */
        size_t flags;  /* of the flags in the wire's arguments, where one is not handed on */
} ExtraRow;

static const ExtraRow extras[] = {
        { &connection_class, CONNECTION_METHOD_DOMAIN_CREATE_XML_WITH_FILES, EXTRA_FILES,
                offsetof(ConnectionDomainCreateXMLWithFilesIn, files), 0 },
        { &domain_class, DOMAIN_METHOD_CREATE_WITH_FILES, EXTRA_FILES,
                offsetof(DomainCreateWithFilesIn, files), 0 },
        { &domain_class, DOMAIN_METHOD_OPEN_GRAPHICS, EXTRA_FILES,
                offsetof(DomainOpenGraphicsIn, files), 0 },
        { &domain_class, DOMAIN_METHOD_OPEN_GRAPHICS_FD, EXTRA_GRAPHICS,
                offsetof(DomainOpenGraphicsFDOut, fd), 0 },
        { &domain_class, DOMAIN_METHOD_OPEN_CONSOLE, EXTRA_CONSOLE,
                offsetof(DomainOpenConsoleOut, fd), 0 },
        { &domain_class, DOMAIN_METHOD_SCREENSHOT, EXTRA_PICTURE, offsetof(DomainScreenshotOut, fd),
                0 },
        { &storage_vol_class, STORAGE_VOL_METHOD_DOWNLOAD, EXTRA_DOWNLOAD,
                offsetof(StorageVolDownloadOut, fd), offsetof(WireStorageVolDownloadArgs, flags) },
        { &storage_vol_class, STORAGE_VOL_METHOD_UPLOAD, EXTRA_UPLOAD,
                offsetof(StorageVolUploadOut, fd), offsetof(WireStorageVolUploadArgs, flags) },
};

static const ExtraRow *extra_of(const Object *object, unsigned method)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(extras); i++)
                if (extras[i].class == object->class && extras[i].method == method)
                        return &extras[i];
        return NULL;
}

static int require_descriptors(const RemoteConnection *self, GError **error)
{
        if (self->transport->passes_fds)
                return 0;
        return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                "%s: descriptors cannot be passed over the transport '%s'", self->target->uri->text,
                self->transport->name);
}

/* Suspends. */
static int perform_with_files(Member *member, RemoteLink *link, const ExtraRow *row, const void *in,
        void *out, GError **error)
{
        const Array *files = (const Array *)((const char *)in + row->offset);

        if (require_descriptors(member->self, error) < 0)
                return -1;
        if (files->n > WIRE_FDS_MAX)
                return error_set(error, ERROR_INVALID_ARG,
                        "too many descriptors %zu in %s, at most %d", files->n,
                        member->procedure->name, WIRE_FDS_MAX);
        if (member_call(member, link, member->map->procedure, files->items, files->n, NULL,
                    fiber_deadline(LINK_WORK_DEADLINE), error) < 0)
                return -1;
        return member_end(member, out, error);
}

/* Suspends. */
static int perform_graphics(
        Member *member, RemoteLink *link, const ExtraRow *row, void *out, GError **error)
{
        const WireDomainOpenGraphicsFdArgs *args =
                (const WireDomainOpenGraphicsFdArgs *)member->args.bytes;
        RemoteCall *call = &member->call;

        if (!member->self->transport->passes_fds)
                return remote_open_graphics(member->self, link, member->object, args->idx,
                        (int *)((char *)out + row->offset), error);
        if (member_call(member, link, member->map->procedure, NULL, 0, NULL,
                    fiber_deadline(LINK_QUERY_DEADLINE), error) < 0)
                return -1;
        if (call->n_fds != 1)
                return error_set(error, ERROR_RPC,
                        "the peer's reply to %s came with %u descriptors instead of one",
                        member->procedure->name, call->n_fds);
        *(int *)((char *)out + row->offset) = fd_steal(&call->fds[0]);
        return 0;
}

/* Suspends. Opens the stream; its caller begins it. */
static Stream *open_stream(Member *member, RemoteLink *link, int32_t number, unsigned directions,
        bool bulk, int *ret_fd, GError **error)
{
        g_autoptr(Stream) stream = stream_new(link, directions, bulk, ret_fd, error);

        if (!stream)
                return NULL;
        if (member_call(member, link, number, NULL, 0, stream_of(stream),
                    fiber_deadline(LINK_QUERY_DEADLINE), error) < 0) {
                *ret_fd = fd_close(*ret_fd);
                return NULL;
        }
        return g_steal_pointer(&stream);
}

/* Suspends. The wire has a procedure of its own for channels, with the same arguments. */
static int perform_console(
        Member *member, RemoteLink *link, const ExtraRow *row, void *out, GError **error)
{
        const WireDomainOpenConsoleArgs *args =
                (const WireDomainOpenConsoleArgs *)member->args.bytes;
        bool channel = args->dev_name && g_str_has_prefix(args->dev_name, "channel");
        Stream *stream = open_stream(member, link,
                channel ? WIRE_DOMAIN_OPEN_CHANNEL : WIRE_DOMAIN_OPEN_CONSOLE,
                STREAM_FROM_PEER | STREAM_TO_PEER, false, (int *)((char *)out + row->offset),
                error);

        if (!stream)
                return -1;
        stream_begin(stream, NULL, NULL);
        return 0;
}

/* Volumes. */

/* Who uploads hears the end when the volume's sizes are read anew. */
typedef struct Upload {
        Object *volume; /* a reference */
        int fd;         /* our end; -1: still the stream's */
} Upload;

static void upload_free(Upload *upload)
{
        fd_close(upload->fd);
        object_unref(upload->volume);
        g_free(upload);
}

/* Suspends. */
static void look_at_volume(void *data)
{
        Upload *upload = data;

        mirror_changed(remote_of(upload->volume), upload->volume, NULL);
        upload_free(upload);
}

static void on_uploaded(const GError *error, int fd, void *data)
{
        Upload *upload = data;

        upload->fd = fd;
        if (error)
                g_info("the upload to a volume failed: %s", error->message);
        if (fiber_start("an uploaded volume", look_at_volume, upload, NULL) < 0)
                upload_free(upload);
}

static Upload *upload_new(Object *volume)
{
        Upload *upload = g_new(Upload, 1);

        *upload = (Upload){ .volume = object_ref(volume), .fd = -1 };
        return upload;
}

/* A link of its own: a peer that has more to send than anybody reads here must not keep replies
 * from coming, nor one that is slow to write calls from going. */
static const RemoteLinkEvents no_events = { 0 };

G_STATIC_ASSERT(offsetof(StorageVolUploadIn, offset) == offsetof(StorageVolDownloadIn, offset) &&
        offsetof(StorageVolUploadIn, length) == offsetof(StorageVolDownloadIn, length));

/* Suspends. */
static int perform_volume(
        Member *member, const ExtraRow *row, const void *in, void *out, GError **error)
{
        const StorageVolDownloadIn *part = in;
        uint64_t capacity = ((const StorageVol *)member->object)->properties.capacity;
        RemoteConnection *self = member->self;
        bool up = row->extra == EXTRA_UPLOAD;
        PeerFeatures features;
        g_autoptr(RemoteLink) link =
                session_open(self->target, self->transport, &no_events, NULL, &features, error);
        Stream *stream;

        if (!link)
                return -1;
        /* Here nobody could tell a hole from zeroes. */
        *(uint32_t *)(member->args.bytes + row->flags) &= ~SPARSE_STREAM;
        stream = open_stream(member, link, member->map->procedure,
                up ? STREAM_TO_PEER : STREAM_FROM_PEER, true, (int *)((char *)out + row->offset),
                error);
        if (!stream) {
                remote_link_close(link, "the stream could not be opened");
                return -1;
        }
        stream_be_job(stream, member->object, up ? "Upload" : "Download",
                part->length ?: capacity - MIN(capacity, part->offset));
        if (up)
                stream_begin(stream, on_uploaded, upload_new(member->object));
        else
                stream_begin(stream, NULL, NULL);
        return 0;
}

/* Pictures. */

/* What becomes of the stream; it and the caller hold it. */
typedef struct Picture {
        unsigned n_ref;
        bool abandoned;
        Wait wait;
        GError *problem;
} Picture;

static void picture_unref(Picture *picture)
{
        if (--picture->n_ref > 0)
                return;
        g_clear_error(&picture->problem);
        g_free(picture);
}

static void on_picture(const GError *error, int fd, void *data)
{
        Picture *picture = data;

        /* Who collects it reads up to here. */
        fd_close(fd);
        picture->problem = error ? g_error_copy(error) : NULL;
        if (!picture->abandoned)
                wait_done(&picture->wait, 0);
        picture_unref(picture);
}

/* Suspends. All that comes from the socket, as a file that is at its beginning; or -errno. */
static int collect(int socket, uint64_t deadline)
{
        _cleanup_fd_ int file = memfd_create("screenshot", MFD_CLOEXEC);
        g_autofree char *buffer = g_malloc(WIRE_STREAM_MAX);
        size_t size = 0;

        if (file < 0)
                return -errno;
        for (;;) {
                int r = fiber_wait_fd(socket, EPOLLIN, "a picture", deadline);
                ssize_t n = r < 0 ? 0 : read(socket, buffer, WIRE_STREAM_MAX);

                if (r < 0)
                        return r;
                /* The stream's own end tells why it is cut off. */
                if (n < 0 && errno == ECONNRESET)
                        n = 0;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return lseek(file, 0, SEEK_SET) < 0 ? -errno : fd_steal(&file);
                size += n;
                if (size > PICTURE_MAX)
                        return -EFBIG;
                if (write(file, buffer, n) != n)
                        return -errno;
        }
}

/* Suspends. */
static int perform_picture(
        Member *member, RemoteLink *link, const ExtraRow *row, void *out, GError **error)
{
        uint64_t deadline = fiber_deadline(LINK_QUERY_DEADLINE);
        _cleanup_fd_ int socket = -1, file = -1;
        Stream *stream = open_stream(
                member, link, member->map->procedure, STREAM_FROM_PEER, false, &socket, error);
        Picture *picture;
        int r;

        if (!stream || member_end(member, out, error) < 0) {
                stream_free(stream);
                return -1;
        }
        picture = g_new(Picture, 1);
        *picture = (Picture){ .n_ref = 2, .wait = WAIT_INIT };
        stream_begin(stream, on_picture, picture);
        file = r = collect(socket, deadline);
        if (r >= 0)
                r = wait_for(&picture->wait, "the end of a picture", deadline);
        picture->abandoned = true;
        if (r < 0)
                r = error_set_errno(error, r, "%s", member->procedure->name);
        else if (picture->problem) {
                g_propagate_error(error, g_steal_pointer(&picture->problem));
                r = -1;
        } else {
                *(int *)((char *)out + row->offset) = fd_steal(&file);
        }
        picture_unref(picture);
        return r < 0 ? -1 : 0;
}

/* Methods. */

/* Suspends. The wire has statistics of many domains only. */
static int perform_stats(Object *object, RemoteLink *link, const DomainGetStatsIn *in,
        DomainGetStatsOut *out, GError **error)
{
        WireDomain domain;
        WireConnectGetAllDomainStatsArgs args = {
                .doms = { &domain, 1 },
                .stats = in->stats,
                .flags = in->flags,
        };
        g_auto(RemoteCall) call = { 0 };
        WireConnectGetAllDomainStatsRet *ret = (WireConnectGetAllDomainStatsRet *)call.ret.bytes;
        int r;

        wire_name('D', object, &domain);
        r = remote_call(&call, link, WIRE_CONNECT_GET_ALL_DOMAIN_STATS, &args, error);
        wire_clear("D", &domain);
        if (r < 0)
                return -1;
        if (ret->ret_stats.n != 1)
                return error_set(error, ERROR_RPC,
                        "the peer gave statistics of %zu domains instead of one", ret->ret_stats.n);
        out->records = ret->ret_stats.items[0].params;
        ret->ret_stats.items[0].params = (Params){ 0 };
        return 0;
}

static int perform_extra(Member *member, RemoteLink *link, const ExtraRow *row, const void *in,
        void *out, GError **error)
{
        switch (row->extra) {
        case EXTRA_FILES:
                return perform_with_files(member, link, row, in, out, error);
        case EXTRA_GRAPHICS:
                return perform_graphics(member, link, row, out, error);
        case EXTRA_CONSOLE:
                return perform_console(member, link, row, out, error);
        case EXTRA_PICTURE:
                return perform_picture(member, link, row, out, error);
        default:
                return perform_volume(member, row, in, out, error);
        }
}

/* Suspends. */
static int perform_values(Member *member, RemoteLink *link, void *out, GError **error)
{
        bool works = member->procedure->flags & WIRE_WRITES;

        do {
                uint64_t deadline =
                        fiber_deadline(works ? LINK_WORK_DEADLINE : LINK_QUERY_DEADLINE);

                if (member_call(member, link, member->map->procedure, NULL, 0, NULL, deadline,
                            error) < 0)
                        return -1;
        } while (wire_map_again(member->map, member->args.bytes, member->call.ret.bytes));
        return member_end(member, out, error);
}

/* Suspends. What a method made, or defined anew, was given with its reply; else its object has
 * changed. */
static void after_change(
        RemoteConnection *self, Object *object, const MethodInfo *method, const void *out)
{
        Object *made = strcmp(method->out, "o") == 0 ? *(Object *const *)out : NULL;

        if (object->class != &connection_class || !made)
                mirror_changed(self, object, method);
        if (made)
                mirror_changed(self, made, method);
}

/* Suspends. A peer that lacks the procedure may have an older one for the same member, which has
 * fewer flags or none. */
static int perform_older(RemoteLink *link, Object *object, const WireMap *newer, const void *in,
        void *out, GError **error)
{
        const MethodInfo *method = &newer->class->methods[newer->member];

        if (method->flags_offset >= 0 &&
                *(const uint32_t *)((const char *)in + method->flags_offset) != 0)
                return -1;
        for (unsigned i = 0; i < n_wire_maps; i++) {
                const WireMap *map = &wire_maps[i];
                g_auto(Member) member = { 0 };
                g_autoptr(GError) problem = NULL;

                if (!map->older || map->class != newer->class || map->kind != newer->kind ||
                        map->member != newer->member)
                        continue;
                /* What it has no words for is not to be had. */
                if (member_begin(&member, object, map, in, &problem) < 0)
                        continue;
                if (perform_values(&member, link, out, &problem) >= 0) {
                        g_clear_error(error);
                        return 0;
                }
                if (!error_is(problem, ERROR_NO_SUPPORT)) {
                        g_clear_error(error);
                        g_propagate_error(error, g_steal_pointer(&problem));
                        return -1;
                }
        }
        return -1;
}

static int perform_mapped(Member *member, RemoteLink *link, Object *object, const WireMap *map,
        const void *in, void *out, GError **error)
{
        g_autoptr(GError) problem = NULL;

        if (member_begin(member, object, map, in, error) < 0)
                return -1;
        if (perform_values(member, link, out, &problem) >= 0)
                return 0;
        if (error_is(problem, ERROR_NO_SUPPORT) &&
                perform_older(link, object, map, in, out, &problem) >= 0)
                return 0;
        g_propagate_error(error, g_steal_pointer(&problem));
        return -1;
}

int remote_perform(
        Object *object, const MethodInfo *method, const void *in, void *out, GError **error)
{
        RemoteConnection *self = remote_of(object);
        unsigned number = method - object->class->methods;
        const WireMap *map = wire_map_member(object->class, WIRE_MAP_METHOD, number);
        const ExtraRow *extra = extra_of(object, number);
        g_autoptr(RemoteLink) link = remote_link_of(self, error);
        g_auto(Member) member = { 0 };
        int r;

        if (!link)
                return -1;
        if (object->class == &domain_class && number == DOMAIN_METHOD_GET_STATS)
                return perform_stats(object, link, in, out, error);
        if (!map)
                return error_set(error, ERROR_NO_SUPPORT, "%s", method->api);
        if (!extra)
                r = perform_mapped(&member, link, object, map, in, out, error);
        else if ((r = member_begin(&member, object, map, in, error)) == 0)
                r = perform_extra(&member, link, extra, in, out, error);
        if (r == 0 && (member.procedure->flags & WIRE_WRITES) &&
                (!extra || extra->extra == EXTRA_FILES))
                after_change(self, object, method, out);
        return r;
}

int remote_set(Object *object, const PropertyInfo *property, const void *value, GError **error)
{
        RemoteConnection *self = remote_of(object);
        const WireMap *map =
                wire_map_member(object->class, WIRE_MAP_SET, property - object->class->properties);
        g_autoptr(RemoteLink) link = remote_link_of(self, error);
        g_auto(Member) member = { 0 };

        if (!link)
                return -1;
        if (!map)
                return error_set(error, ERROR_NO_SUPPORT, "%s", property->name);
        if (member_begin(&member, object, map, value, error) < 0 ||
                member_call(&member, link, map->procedure, NULL, 0, NULL,
                        fiber_deadline(LINK_WORK_DEADLINE), error) < 0)
                return -1;
        mirror_changed(self, object, NULL);
        return 0;
}

/* What is answered from the mirror. */

typedef enum RefreshWhat {
        REFRESH_LIST,     /* the host's objects of a kind */
        REFRESH_CHILDREN, /* those of the object */
        REFRESH_SIBLINGS, /* those of the object's parent */
        REFRESH_SELF,
        REFRESH_LOOKUP, /* the object that the peer finds, if it is not here */
} RefreshWhat;

typedef struct RefreshRow {
        const ClassInfo *class;
        unsigned method;
        RefreshWhat what;
        MirrorKindId kind;
        RegistryKey key; /* of a lookup whose argument is that; or _REGISTRY_KEY_MAX */
} RefreshRow;

#define LIST(NAME, kind)                                                                \
        {                                                                               \
                &connection_class, CONNECTION_METHOD_LIST_##NAME, REFRESH_LIST, kind, 0 \
        }
#define LOOKUP(NAME, kind, key)                                                        \
        {                                                                              \
                &connection_class, CONNECTION_METHOD_##NAME, REFRESH_LOOKUP, kind, key \
        }

static const RefreshRow refreshes[] = {
        LIST(DOMAINS, MIRROR_DOMAIN),
        LIST(NETWORKS, MIRROR_NETWORK),
        LIST(STORAGE_POOLS, MIRROR_POOL),
        LIST(NODE_DEVICES, MIRROR_NODE_DEVICE),
        LIST(SECRETS, MIRROR_SECRET),
        LIST(NW_FILTERS, MIRROR_FILTER),
        LIST(INTERFACES, MIRROR_INTERFACE),
        LOOKUP(DOMAIN_LOOKUP_BY_ID, MIRROR_DOMAIN, _REGISTRY_KEY_MAX),
        LOOKUP(DOMAIN_LOOKUP_BY_NAME, MIRROR_DOMAIN, DOMAIN_BY_NAME),
        LOOKUP(DOMAIN_LOOKUP_BY_UUID, MIRROR_DOMAIN, DOMAIN_BY_UUID),
        LOOKUP(NETWORK_LOOKUP_BY_NAME, MIRROR_NETWORK, NETWORK_BY_NAME),
        LOOKUP(NETWORK_LOOKUP_BY_UUID, MIRROR_NETWORK, NETWORK_BY_UUID),
        LOOKUP(STORAGE_POOL_LOOKUP_BY_NAME, MIRROR_POOL, STORAGE_POOL_BY_NAME),
        LOOKUP(STORAGE_POOL_LOOKUP_BY_UUID, MIRROR_POOL, STORAGE_POOL_BY_UUID),
        LOOKUP(STORAGE_VOL_LOOKUP_BY_KEY, MIRROR_VOLUME, STORAGE_VOL_BY_KEY),
        LOOKUP(STORAGE_VOL_LOOKUP_BY_PATH, MIRROR_VOLUME, STORAGE_VOL_BY_PATH),
        LOOKUP(NODE_DEVICE_LOOKUP_BY_NAME, MIRROR_NODE_DEVICE, NODE_DEVICE_BY_NAME),
        LOOKUP(NODE_DEVICE_LOOKUP_SCSI_HOST_BY_WWN, MIRROR_NODE_DEVICE, _REGISTRY_KEY_MAX),
        LOOKUP(SECRET_LOOKUP_BY_UUID, MIRROR_SECRET, SECRET_BY_UUID),
        LOOKUP(SECRET_LOOKUP_BY_USAGE, MIRROR_SECRET, _REGISTRY_KEY_MAX),
        LOOKUP(NW_FILTER_LOOKUP_BY_NAME, MIRROR_FILTER, _REGISTRY_KEY_MAX),
        LOOKUP(NW_FILTER_LOOKUP_BY_UUID, MIRROR_FILTER, _REGISTRY_KEY_MAX),
        LOOKUP(INTERFACE_LOOKUP_BY_NAME, MIRROR_INTERFACE, _REGISTRY_KEY_MAX),
        LOOKUP(INTERFACE_LOOKUP_BY_MAC, MIRROR_INTERFACE, _REGISTRY_KEY_MAX),
        { &domain_class, DOMAIN_METHOD_LIST_DOMAIN_SNAPSHOTS, REFRESH_CHILDREN, MIRROR_SNAPSHOT,
                0 },
        { &domain_class, DOMAIN_METHOD_SNAPSHOT_CURRENT, REFRESH_CHILDREN, MIRROR_SNAPSHOT, 0 },
        { &domain_class, DOMAIN_METHOD_SNAPSHOT_LOOKUP_BY_NAME, REFRESH_CHILDREN, MIRROR_SNAPSHOT,
                0 },
        { &domain_class, DOMAIN_METHOD_LIST_CHECKPOINTS, REFRESH_CHILDREN, MIRROR_CHECKPOINT, 0 },
        { &domain_class, DOMAIN_METHOD_CHECKPOINT_LOOKUP_BY_NAME, REFRESH_CHILDREN,
                MIRROR_CHECKPOINT, 0 },
        { &domain_snapshot_class, DOMAIN_SNAPSHOT_METHOD_GET_PARENT, REFRESH_SIBLINGS,
                MIRROR_SNAPSHOT, 0 },
        { &domain_snapshot_class, DOMAIN_SNAPSHOT_METHOD_LIST_CHILDREN, REFRESH_SIBLINGS,
                MIRROR_SNAPSHOT, 0 },
        { &domain_snapshot_class, DOMAIN_SNAPSHOT_METHOD_IS_CURRENT, REFRESH_SIBLINGS,
                MIRROR_SNAPSHOT, 0 },
        { &domain_checkpoint_class, DOMAIN_CHECKPOINT_METHOD_GET_PARENT, REFRESH_SIBLINGS,
                MIRROR_CHECKPOINT, 0 },
        { &domain_checkpoint_class, DOMAIN_CHECKPOINT_METHOD_LIST_CHILDREN, REFRESH_SIBLINGS,
                MIRROR_CHECKPOINT, 0 },
        { &storage_pool_class, STORAGE_POOL_METHOD_LIST_STORAGE_VOLUMES, REFRESH_CHILDREN,
                MIRROR_VOLUME, 0 },
        { &storage_pool_class, STORAGE_POOL_METHOD_STORAGE_VOL_LOOKUP_BY_NAME, REFRESH_CHILDREN,
                MIRROR_VOLUME, 0 },
        { &storage_pool_class, STORAGE_POOL_METHOD_GET_INFO, REFRESH_SELF, MIRROR_POOL, 0 },
};

/* Suspends. Lists what no event tells of. */
static int refresh_list(RemoteConnection *self, MirrorKindId kind, Object *parent, GError **error)
{
        int r;

        if (!parent && self->tells[kind])
                return 0;
        if (mirror_lock(self, error) < 0)
                return -1;
        r = kind == MIRROR_VOLUME ? mirror_list_volumes(self, (MirrorObject *)parent, error) :
                                    mirror_list(self, kind, parent, true, error);
        mirror_unlock(self);
        return r;
}

/* Suspends. A lookup that the mirror cannot answer: the peer may know, or the event is still on its
 * way; what it finds is here afterwards. */
static int refresh_lookup(RemoteConnection *self, const RefreshRow *row, const MethodInfo *method,
        const void *in, GError **error)
{
        g_autoptr(GError) problem = NULL;
        Object *object = NULL;

        if (row->key != _REGISTRY_KEY_MAX && self->tells[row->kind] &&
                registry_find(&self->connection.registry, row->key, *(char *const *)in))
                return 0;
        if (remote_perform(&self->connection.object, method, in, &object, &problem) >= 0)
                object_unref(object);
        else if (!self->ready) {
                g_propagate_error(error, g_steal_pointer(&problem));
                return -1;
        }
        return 0;
}

int remote_refresh(Object *object, const MethodInfo *method, const void *in, GError **error)
{
        RemoteConnection *self = remote_of(object);
        const RefreshRow *row = NULL;

        g_autoptr(RemoteLink) link = remote_link_of(self, error);

        if (!link)
                return -1;
        for (unsigned i = 0; !row && i < G_N_ELEMENTS(refreshes); i++)
                if (refreshes[i].class == object->class &&
                        refreshes[i].method == (unsigned)(method - object->class->methods))
                        row = &refreshes[i];
        if (!row)
                return 0;
        switch (row->what) {
        case REFRESH_LIST:
                return refresh_list(self, row->kind, NULL, error);
        case REFRESH_CHILDREN:
                return refresh_list(self, row->kind, object, error);
        case REFRESH_SIBLINGS:
                return refresh_list(self, row->kind, object->parent, error);
        case REFRESH_SELF:
                return mirror_fill(self, (MirrorObject *)object, error) == MIRROR_FAILED ? -1 : 0;
        default:
                return refresh_lookup(self, row, method, in, error);
        }
}
