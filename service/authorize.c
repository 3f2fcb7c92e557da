/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/authorize.h"

#include <errno.h>
#include <string.h>

#include "service/base/cleanup.h"
#include "service/publish.h"

#define AUTHORITY "org.freedesktop.PolicyKit1"
#define AUTHORITY_PATH "/org/freedesktop/PolicyKit1/Authority"
#define AUTHORITY_INTERFACE "org.freedesktop.PolicyKit1.Authority"

#define KEPT_FOR (5 * G_USEC_PER_SEC)
#define KEPT_MAX 16384 /* for each caller */
#define PATIENCE (20 * G_USEC_PER_SEC)
#define PATIENCE_WITH_USERS (120 * G_USEC_PER_SEC)
#define ALLOW_USER_INTERACTION 1

static struct {
        sd_bus *bus;
        sd_bus_slot *match;
        uint64_t n_questions;
} authority;

/* What it takes to stop, or else to change, an object. */
static const char *stop_action(const Object *object)
{
        static const struct {
                const ClassInfo *class;
                const char *action;
        } rows[] = {
                { &connection_class, "org.virtbus1.connection.write" },
                { &domain_class, "org.virtbus1.domain.stop" },
                { &network_class, "org.virtbus1.network.write" },
                { &storage_pool_class, "org.virtbus1.storage.write" },
                { &storage_vol_class, "org.virtbus1.storage.write" },
                { &node_device_class, "org.virtbus1.node-device.write" },
                { &secret_class, "org.virtbus1.secret.write" },
                { &nw_filter_class, "org.virtbus1.filter.write" },
                { &interface_class, "org.virtbus1.interface.write" },
        };
        unsigned i = 0;

        while (rows[i].class != object->class)
                g_assert(++i < G_N_ELEMENTS(rows));
        return rows[i].action;
}

Question question_about(Caller *caller, const char *action, const char *member, Object *object)
{
        bool of_parent = object && object->class == &job_class;
        Object *about = of_parent ? object->parent : object;

        return (Question){
                .caller = caller,
                .action = !of_parent                            ? action :
                        strcmp(action, ACTION_PARENT_READ) == 0 ? class_read_action(about->class) :
                                                                  stop_action(about),
                .member = member,
                .object = about,
        };
}

typedef struct DecisionKey {
        const char *action, *member;
        uint64_t serial; /* of the object; 0: none */
} DecisionKey;

typedef struct Decision {
        DecisionKey key;
        Answer answer;
        uint64_t until;
} Decision;

static guint decision_hash(const void *data)
{
        const DecisionKey *key = data;

        return g_direct_hash(key->action) * 31 + g_direct_hash(key->member) * 17 +
                (guint)key->serial;
}

static gboolean decision_equal(const void *a, const void *b)
{
        const DecisionKey *left = a, *right = b;

        return left->action == right->action && left->member == right->member &&
                left->serial == right->serial;
}

/* Only questions about objects are kept: what an XML names is asked anew each time. */
static bool question_keeps(const Question *question)
{
        return !question->identity && !question->uri;
}

static DecisionKey question_key(const Question *question)
{
        return (DecisionKey){
                .action = question->action,
                .member = question->member,
                .serial = question->object ? publish_serial(question->object) : 0,
        };
}

/* Whose alone it is, whatever the authority would say; NO_OWNER: it is for the authority to say. */
static uid_t question_owner(const Question *question)
{
        const Connection *connection =
                question->object ? object_connection(question->object) : NULL;

        return connection ? connection->owner : NO_OWNER;
}

Answer authorize_known(const Question *question)
{
        const DecisionKey key = question_key(question);
        const Decision *decision;
        uid_t owner;

        if (!question->caller->known || (question->action && question->caller->gone))
                return ANSWER_UNKNOWN;
        if (question->caller->trusted)
                return ANSWER_YES;
        owner = question_owner(question);
        if (owner != NO_OWNER)
                return question->caller->client.uid == owner ? ANSWER_YES : ANSWER_NO;
        if (!question->action)
                return ANSWER_YES;
        if (!question_keeps(question) || !question->caller->decisions)
                return ANSWER_UNKNOWN;
        decision = g_hash_table_lookup(question->caller->decisions, &key);
        if (!decision || decision->until < fiber_now())
                return ANSWER_UNKNOWN;
        if (decision->answer == ANSWER_CHALLENGE && question->interactive)
                return ANSWER_UNKNOWN;
        return decision->answer;
}

static void keep(const Question *question, Answer answer)
{
        Caller *caller = question->caller;
        Decision *decision;

        if (!question_keeps(question) || caller->gone)
                return;
        if (!caller->decisions)
                caller->decisions =
                        g_hash_table_new_full(decision_hash, decision_equal, NULL, g_free);
        if (g_hash_table_size(caller->decisions) >= KEPT_MAX)
                g_hash_table_remove_all(caller->decisions);
        decision = g_new(Decision, 1);
        *decision = (Decision){
                .key = question_key(question),
                .answer = answer,
                .until = fiber_deadline(KEPT_FOR),
        };
        g_hash_table_replace(caller->decisions, &decision->key, decision);
}

static void forget(Caller *caller, void *data)
{
        (void)data;
        if (caller->decisions)
                g_hash_table_remove_all(caller->decisions);
}

static int on_authority_changed(sd_bus_message *message, void *data, sd_bus_error *error)
{
        (void)message, (void)data, (void)error;
        callers_each(forget, NULL);
        return 0;
}

int authorize_init(sd_bus *bus)
{
        int r;

        r = sd_bus_match_signal_async(bus, &authority.match, AUTHORITY, AUTHORITY_PATH,
                AUTHORITY_INTERFACE, "Changed", on_authority_changed, NULL, NULL);
        if (r < 0)
                return r;
        authority.bus = sd_bus_ref(bus);
        return 0;
}

void authorize_finish(void)
{
        authority.match = sd_bus_slot_unref(authority.match);
        authority.bus = sd_bus_unref(authority.bus);
}

/* What a rule can look up. Name and UUID are those of what its connection has at first hand; what
 * is within that (a snapshot, a checkpoint, a volume) is named beside it, so that a rule for a
 * domain or a pool holds for all of it. */

typedef struct Details {
        const char *driver, *uri, *object, *name, *uuid, *owner, *usage, *parent;
        const char *snapshot, *checkpoint, *volume;
        const char *member;
} Details;

/* NULL: objects of that class are not within another. */
static const char **part_name(Details *details, const ClassInfo *class)
{
        if (class == &domain_snapshot_class)
                return &details->snapshot;
        if (class == &domain_checkpoint_class)
                return &details->checkpoint;
        return class == &storage_vol_class ? &details->volume : NULL;
}

static const Object *whole_of(const Object *object)
{
        const Object *pool = object->class == &storage_vol_class ?
                ((const StorageVol *)object)->properties.pool :
                NULL;

        return pool ?: object->parent;
}

/* A property that not every class has. */
static const char *text_of(const Object *object, const char *name)
{
        for (unsigned i = 0; i < object->class->n_properties; i++)
                if (strcmp(object->class->properties[i].name, name) == 0)
                        return *(char **)object_value(object, &object->class->properties[i]);
        return NULL;
}

static void add_identity(Details *details, const Identity *identity)
{
        const char **part = part_name(details, identity->class);

        details->object = identity->class->name;
        *(part ?: &details->name) = identity->name;
        details->uuid = identity->uuid;
        details->usage = identity->usage;
        details->parent = identity->parent;
}

static void add_object(Details *details, const Object *object)
{
        const Connection *connection = (const Connection *)object;
        const char **part = part_name(details, object->class);

        details->object = details->object ?: object->class->name;
        if (part) {
                *part = *part ?: text_of(object, "Name");
        } else if (object->class == &connection_class) {
                details->driver = connection->driver->name;
                details->uri = connection->properties.uri;
        } else if (object->parent) {
                details->name = details->name ?: text_of(object, "Name");
                details->uuid = details->uuid ?: text_of(object, "UUID");
                details->owner = text_of(object, "Owner");
                details->usage = details->usage ?: text_of(object, "UsageID");
                details->parent = details->parent ?: text_of(object, "Parent");
        }
}

static Details question_details(const Question *question)
{
        Details details = { .member = question->member, .uri = question->uri };

        if (question->identity)
                add_identity(&details, question->identity);
        for (const Object *object = question->object; object; object = whole_of(object))
                add_object(&details, object);
        return details;
}

/* As org.freedesktop.PolicyKit1.Authority describes subjects. The uid of a process has to be an
 * int32: of another type it is not seen, and looked up where the process may be another by then. */
static int append_subject(sd_bus_message *call, const Caller *caller)
{
        int r;

        if (caller->kind == CALLER_BUS)
                return sd_bus_message_append(
                        call, "(sa{sv})", "system-bus-name", 1, "name", "s", caller->name);
        r = sd_bus_message_open_container(call, 'r', "sa{sv}");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", "unix-process");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(call, "{sv}{sv}{sv}", "pid", "u", (uint32_t)caller->pid,
                        "start-time", "t", caller->start_time, "uid", "i",
                        (int32_t)caller->client.uid);
        /* Known since 124, and ignored before that. */
        if (r >= 0 && caller->pidfd >= 0)
                r = sd_bus_message_append(call, "{sv}", "pidfd", "h", caller->pidfd);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

static int append_details(sd_bus_message *call, const Details *details)
{
        const char *const pairs[][2] = {
                { "driver", details->driver },
                { "uri", details->uri },
                { "object", details->object },
                { "name", details->name },
                { "uuid", details->uuid },
                { "owner", details->owner },
                { "usage", details->usage },
                { "parent", details->parent },
                { "snapshot", details->snapshot },
                { "checkpoint", details->checkpoint },
                { "volume", details->volume },
                { "member", details->member },
        };
        int r = sd_bus_message_open_container(call, 'a', "{ss}");

        for (unsigned i = 0; r >= 0 && i < G_N_ELEMENTS(pairs); i++)
                if (pairs[i][1] && pairs[i][1][0])
                        r = sd_bus_message_append(call, "{ss}", pairs[i][0], pairs[i][1]);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

/* Asking. Each question has a Wait of its own in an Inquiry, so that many can be under way. */

typedef struct Inquiry {
        const Question *question;
        sd_bus_slot *slot;
        char cancellation[32];
        Answer answer;
        struct InquirySet *set;
} Inquiry;

typedef struct InquirySet {
        unsigned n_open;
        Wait wait;
} InquirySet;

static void inquiry_done(Inquiry *inquiry, Answer answer)
{
        inquiry->answer = answer;
        inquiry->slot = sd_bus_slot_unref(inquiry->slot);
        if (--inquiry->set->n_open == 0)
                wait_done(&inquiry->set->wait, 0);
}

static int on_answer(sd_bus_message *reply, void *data, sd_bus_error *error)
{
        int authorized = false, challenge = false;

        (void)error;
        if (sd_bus_message_is_method_error(reply, NULL)) {
                g_warning("the authority does not answer: %s",
                        sd_bus_message_get_error(reply)->message);
        } else if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
                sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0) {
                authorized = challenge = false;
                g_warning("the authority answers in an unknown form");
        }
        inquiry_done(data, authorized ? ANSWER_YES : challenge ? ANSWER_CHALLENGE : ANSWER_NO);
        return 0;
}

static int inquiry_send(Inquiry *inquiry)
{
        const Question *question = inquiry->question;
        const Details details = question_details(question);
        g_autoptr(sd_bus_message) call = NULL;
        int r;

        g_snprintf(inquiry->cancellation, sizeof inquiry->cancellation,
                "virtbus-%" G_GUINT64_FORMAT, ++authority.n_questions);
        r = sd_bus_message_new_method_call(authority.bus, &call, AUTHORITY, AUTHORITY_PATH,
                AUTHORITY_INTERFACE, "CheckAuthorization");
        if (r >= 0)
                r = append_subject(call, question->caller);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", question->action);
        if (r >= 0)
                r = append_details(call, &details);
        if (r >= 0)
                r = sd_bus_message_append(call, "us",
                        question->interactive ? ALLOW_USER_INTERACTION : 0, inquiry->cancellation);
        return r < 0 ? r :
                       sd_bus_call_async(
                               authority.bus, &inquiry->slot, call, on_answer, inquiry, UINT64_MAX);
}

/* The authority would else go on to ask the user. Nobody waits for an answer to this. */
static void inquiry_cancel(Inquiry *inquiry)
{
        inquiry->slot = sd_bus_slot_unref(inquiry->slot);
        inquiry->answer = ANSWER_NO;
        sd_bus_call_method_async(authority.bus, NULL, AUTHORITY, AUTHORITY_PATH,
                AUTHORITY_INTERFACE, "CancelCheckAuthorization", NULL, NULL, "s",
                inquiry->cancellation);
}

/* Suspends. The questions are one caller's. */
static void ask(Inquiry *inquiries, size_t n)
{
        Caller *caller = inquiries[0].question->caller;
        bool interactive = inquiries[0].question->interactive;
        InquirySet set = { .wait = WAIT_INIT };
        int r = 0;

        for (size_t i = 0; i < n; i++) {
                inquiries[i].set = &set;
                inquiries[i].answer = ANSWER_NO;
                r = inquiry_send(&inquiries[i]);
                if (r < 0)
                        g_warning("cannot ask the authority: %s", g_strerror(-r));
                else
                        set.n_open++;
        }
        if (set.n_open > 0) {
                caller->asking = g_slist_prepend(caller->asking, &set.wait);
                wait_for(&set.wait, "the authority",
                        fiber_deadline(interactive ? PATIENCE_WITH_USERS : PATIENCE));
                caller->asking = g_slist_remove(caller->asking, &set.wait);
        }
        for (size_t i = 0; i < n; i++)
                if (inquiries[i].slot)
                        inquiry_cancel(&inquiries[i]);
                else if (inquiries[i].answer != ANSWER_NO || !caller->gone)
                        keep(inquiries[i].question, inquiries[i].answer);
}

static int refuse(const Question *question, Answer answer, GError **error)
{
        const Details details = question_details(question);
        const char *what = details.name ?: details.uri;
        /* Where asking is allowed and nobody was asked, the caller's session has no agent. */
        const char *way_out = question->interactive ?
                ", for which somebody has to authenticate: no polkit agent is there to ask" :
                ", for which somebody has to authenticate: allow interactive authorization";

        if (question_owner(question) != NO_OWNER)
                return error_set(error, ERROR_ACCESS_DENIED,
                        "%s%s%s%s: it belongs to another user alone", question->member,
                        what ? " of '" : "", what ?: "", what ? "'" : "");
        return error_set(error, ERROR_ACCESS_DENIED, "%s%s%s%s needs the permission '%s'%s",
                question->member, what ? " of '" : "", what ?: "", what ? "'" : "",
                question->action, answer == ANSWER_CHALLENGE ? way_out : "");
}

int authorize(const Question *question, GError **error)
{
        Inquiry inquiry = { .question = question };
        Answer answer = authorize_known(question);

        if (answer == ANSWER_UNKNOWN) {
                if (!fiber_self())
                        return -EAGAIN;
                if (caller_identify(question->caller, error) < 0)
                        return -1;
                answer = authorize_known(question);
        }
        if (answer == ANSWER_UNKNOWN) {
                ask(&inquiry, 1);
                answer = inquiry.answer;
        }
        if (answer == ANSWER_YES && !question->caller->gone)
                return 0;
        return refuse(question, answer, error);
}

int authorize_many(const Question *questions, size_t n, bool *answers)
{
        g_autofree Inquiry *inquiries = NULL;
        g_autofree size_t *index = NULL;
        size_t n_unknown = 0;

        if (n == 0)
                return 0;
        memset(answers, 0, n * sizeof *answers);
        if (!questions[0].caller->known) {
                if (!fiber_self())
                        return -EAGAIN;
                if (caller_identify(questions[0].caller, NULL) < 0)
                        return 0;
        }
        inquiries = g_new0(Inquiry, n);
        index = g_new0(size_t, n);
        for (size_t i = 0; i < n; i++) {
                Answer answer = authorize_known(&questions[i]);

                answers[i] = answer == ANSWER_YES;
                if (answer != ANSWER_UNKNOWN)
                        continue;
                inquiries[n_unknown].question = &questions[i];
                index[n_unknown++] = i;
        }
        if (n_unknown == 0)
                return 0;
        if (!fiber_self())
                return -EAGAIN;
        ask(inquiries, n_unknown);
        for (size_t i = 0; i < n_unknown; i++)
                answers[index[i]] = inquiries[i].answer == ANSWER_YES && !questions[0].caller->gone;
        return 0;
}
