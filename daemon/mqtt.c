/* mqtt.c - the only file that knows the Paho library (MQTTAsync 1.3.12):
 * options in, callbacks out (mqtt_line.h). It decides nothing. */
#include "mqtt_line.h"

#include "base/arena.h"
#include "base/buf.h"
#include "fault.h"

#include <MQTTAsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEEPALIVE_S = 8,
	CONNECT_TIMEOUT_S = 10,
	SESSION_EXPIRY_S = 604800,
	RECEIVE_MAXIMUM = 20,
	PACKET_MAX_BYTES = 65536,
	SUBSCRIBE_REFUSED = 0x80, /* this and above, in both versions */
	REFUSED_VERSION_3 = 1,    /* CONNACK codes of 3.1.1 */
	REFUSED_LOGIN_3 = 4,
	REFUSED_RIGHTS_3 = 5,
};

struct line {
	struct line_config config;
	struct line_events events;
	const char *uri;
	struct arena uris; /* an answer that comes late may still say an old one */
	MQTTAsync client5,
	    client3; /* one never speaks MQTT 5 again after 3.1.1: two clients, made when needed */
	int version;
	struct buf topic, payload, response; /* receive thread only */
	char tls_why[160];                   /* library's threads only */
};

/* What a request was about; freed by its one callback. */
struct ticket {
	struct line *line;
	uint64_t number;
	unsigned attempt; /* or round of subscribing */
	int first, n;
};

static struct ticket *new_ticket(struct line *l, uint64_t number, unsigned attempt)
{
	struct ticket *t = xcalloc(1, sizeof(*t));

	t->line = l;
	t->number = number;
	t->attempt = attempt;
	return t;
}

static MQTTAsync client_of(const struct line *l)
{
	return l->version == MQTT_5 ? l->client5 : l->client3;
}

/* ------------------------------------------------------------ messages in */

static void text_of(struct buf *buf, const char *bytes, size_t len)
{
	buf_clear(buf);
	buf_add(buf, bytes ? bytes : "", len);
}

static void take_properties(struct line *l, MQTTProperties *properties, struct message *ret_message)
{
	MQTTProperty *p = MQTTProperties_getPropertyAt(properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC, 0);

	if (p) {
		text_of(&l->response, p->value.data.data, (size_t)p->value.data.len);
		ret_message->response_topic = buf_text(&l->response);
	}
	p = MQTTProperties_getPropertyAt(properties, MQTTPROPERTY_CODE_CORRELATION_DATA, 0);
	if (p) {
		ret_message->correlation = p->value.data.data;
		ret_message->correlation_len = (size_t)p->value.data.len;
	}
}

/* Returning acknowledges, whatever is returned; 0 would only deliver it twice. */
static int on_message(void *arg, char *topic, int topic_len, MQTTAsync_message *m)
{
	struct line *l = arg;
	size_t len = topic_len > 0 ? (size_t)topic_len : strlen(topic);
	struct message message = {0};

	text_of(&l->topic, topic, len);
	text_of(&l->payload, m->payload, (size_t)m->payloadlen);
	message.topic = buf_text(&l->topic);
	message.payload = buf_text(&l->payload);
	message.len = (size_t)m->payloadlen;
	message.qos = m->qos;
	message.retained = m->retained != 0;
	message.dup = m->dup != 0;
	take_properties(l, &m->properties, &message);
	if (!memchr(topic, '\0', len)) /* a topic with NUL in it is nobody's */
		l->events.message(l->events.arg, &message);
	MQTTAsync_freeMessage(&m);
	MQTTAsync_free(topic);
	return 1;
}

/* -------------------------------------------------------------- link events */

static void on_lost(void *arg, char *cause)
{
	struct line *l = arg;

	l->events.lost(l->events.arg, cause ? cause : "the connection to the broker broke");
}

static void on_left(void *arg)
{
	struct line *l = arg;

	l->events.lost(l->events.arg, "disconnected");
}

static void on_left5(void *arg, MQTTAsync_successData5 *data)
{
	(void)data;
	on_left(arg);
}

static void on_left3(void *arg, MQTTAsync_successData *data)
{
	(void)data;
	on_left(arg);
}

/* The server said goodbye (MQTT 5). The library then closes without telling `lost`. */
static void on_disconnected(void *arg, MQTTProperties *properties, enum MQTTReasonCodes reason)
{
	struct line *l = arg;
	const char *words = MQTTReasonCode_toString(reason);
	char why[120];

	(void)properties;
	if (reason == MQTTREASONCODE_SESSION_TAKEN_OVER)
		l->events.taken_over(l->events.arg);
	snprintf(why, sizeof(why), "the broker disconnected us: %s", words ? words : "no reason given");
	l->events.lost(l->events.arg, why);
}

static void on_connected5(void *arg, MQTTAsync_successData5 *data)
{
	struct ticket *t = arg;
	int packet = MQTTProperties_getNumericValue(&data->properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE);
	int receive = MQTTProperties_getNumericValue(&data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM);
	const struct line_limits limits = {packet > 0 ? (size_t)packet : 0, receive > 0 ? receive : 0}; /* below 0: none */

	t->line->events.connected(t->line->events.arg, t->attempt, &limits);
	free(t);
}

static void on_connected3(void *arg, MQTTAsync_successData *data)
{
	struct ticket *t = arg;

	(void)data;
	t->line->events.connected(t->line->events.arg, t->attempt, &(struct line_limits){0});
	free(t);
}

static const char *words_of(const struct line *l, int code, const char *message)
{
	if (l->tls_why[0])
		return l->tls_why;
	switch (code) {
	case REFUSED_VERSION_3:
	case MQTTREASONCODE_UNSUPPORTED_PROTOCOL_VERSION:
		return "the broker does not speak this version of MQTT";
	case REFUSED_LOGIN_3:
	case REFUSED_RIGHTS_3:
	case MQTTREASONCODE_BAD_USER_NAME_OR_PASSWORD:
	case MQTTREASONCODE_NOT_AUTHORIZED:
		return "the broker refuses this user name or password";
	case MQTTREASONCODE_CLIENT_IDENTIFIER_NOT_VALID:
	case 2:
		return "the broker refuses this client id";
	case MQTTREASONCODE_QOS_NOT_SUPPORTED:
	case MQTTREASONCODE_RETAIN_NOT_SUPPORTED:
		return "the broker takes no QoS 1 or keeps no retained messages, and both are needed";
	default:
		break;
	}
	if (message && strstr(message, "TCP connect completion") && l->config.broker->tls.use)
		return "the broker hangs up on our TLS: does it want a certificate (broker.tls.cert)?";
	if (message && strstr(message, "TLS") && l->config.broker->tls.use)
		return "TCP or TLS failed: check that the broker runs, that its certificate names this host, and "
		       "whether it wants one of ours (broker.tls.cert)";
	return message ? message : "the broker cannot be reached";
}

static enum connect_failure kind_of(int code, const char *message)
{
	if (code == REFUSED_VERSION_3 || code == MQTTREASONCODE_UNSUPPORTED_PROTOCOL_VERSION)
		return CONNECT_REFUSED_VERSION;
	if (message && (strstr(message, "TCP connect completion") || strstr(message, "socket error")))
		return CONNECT_CLOSED;
	return CONNECT_FAILED;
}

static void connect_failed(struct ticket *t, int code, const char *message)
{
	struct line *l = t->line;
	char why[200];

	snprintf(why, sizeof(why), "%s (%s)", words_of(l, code, message), l->uri);
	l->events.failed(l->events.arg, t->attempt, kind_of(code, message), why);
	free(t);
}

static void on_connect_failed5(void *arg, MQTTAsync_failureData5 *data)
{
	connect_failed(arg, data->code, data->message);
}

static void on_connect_failed3(void *arg, MQTTAsync_failureData *data)
{
	connect_failed(arg, data->code, data->message);
}

/* "…:error:CODE:library:function:reason:file:line": the reason of the first one counts. */
static int on_tls_error(const char *text, size_t len, void *arg)
{
	struct line *l = arg;
	const char *reason = strstr(text, "error:");

	(void)len;
	for (int i = 0; reason && i < 4; i++) {
		reason = strchr(reason, ':');
		reason = reason ? reason + 1 : NULL;
	}
	if (!l->tls_why[0] && reason)
		snprintf(l->tls_why, sizeof(l->tls_why), "TLS: %.*s%s", (int)strcspn(reason, ":\n"), reason,
		         strncmp(reason, "certificate verify failed", 25)
		             ? ""
		             : ": the broker's certificate has expired or is not signed by broker.tls.ca");
	return 1;
}

/* ------------------------------------------------------------------ connect */

static MQTTAsync new_client(struct line *l, int version, struct err *err)
{
	MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer;
	MQTTAsync client;
	int rc;

	options.MQTTVersion = version == MQTT_5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
	options.maxBufferedMessages = 1000; /* ours are bounded long before */
	rc = MQTTAsync_createWithOptions(&client, l->uri, l->config.client_id, MQTTCLIENT_PERSISTENCE_NONE,
	                                 NULL, &options);
	if (rc != MQTTASYNC_SUCCESS) {
		err_set(err, "cannot make an MQTT client for %s (%d): check broker.url", l->uri, rc);
		return NULL;
	}
	MQTTAsync_setCallbacks(client, l, on_lost, on_message, NULL);
	MQTTAsync_setDisconnected(client, l, on_disconnected);
	return client;
}

static int have_client(struct line *l, int version, struct err *err)
{
	MQTTAsync *client = version == MQTT_5 ? &l->client5 : &l->client3;

	if (!*client)
		*client = new_client(l, version, err);
	l->version = version;
	return *client ? 0 : -1;
}

static const char *uri_of(struct line *l, const struct broker *b)
{
	char uri[512];

	snprintf(uri, sizeof(uri), strchr(b->host, ':') ? "%s://[%s]:%d" : "%s://%s:%d",
	         b->tls.use ? "ssl" : "tcp", b->host, b->port);
	return arena_str(&l->uris, uri);
}

struct line *line_new(const struct line_config *config, const struct line_events *events, struct err *err)
{
	const struct broker *b = config->broker;
	struct line *l = xcalloc(1, sizeof(*l));

	l->config = *config;
	l->events = *events;
	arena_init(&l->uris);
	l->uri = uri_of(l, b);
	if (have_client(l, b->version == 5 ? MQTT_5 : MQTT_3_1_1, err) == 0)
		return l;
	arena_fini(&l->uris);
	free(l);
	return NULL;
}

void line_use(struct line *l, const struct line_config *config)
{
	l->config = *config;
	l->uri = uri_of(l, config->broker);
	l->client5 = l->client3 = NULL;
}

static MQTTAsync_SSLOptions tls_options(struct line *l)
{
	MQTTAsync_SSLOptions options = MQTTAsync_SSLOptions_initializer;
	const struct tls *tls = &l->config.broker->tls;

	options.trustStore = tls->ca;
	options.keyStore = tls->cert;
	options.privateKey = tls->key;
	options.enableServerCertAuth = 1;
	options.verify = GUARD(host_name); /* the host name too: not the library's default */
	options.enabledCipherSuites = "TLSv1.2+HIGH:!aNULL"; /* none below 1.2; 1.3 has its own */
	options.ssl_error_cb = on_tls_error;
	options.ssl_error_context = l;
	return options;
}

static void add_number(MQTTProperties *properties, enum MQTTPropertyCodes code, unsigned value)
{
	MQTTProperty p = {.identifier = code};

	if (code == MQTTPROPERTY_CODE_RECEIVE_MAXIMUM)
		p.value.integer2 = (unsigned short)value;
	else
		p.value.integer4 = value;
	MQTTProperties_add(properties, &p);
}

static int connect5(struct line *l, MQTTAsync_connectOptions *o, struct ticket *t)
{
	MQTTProperties properties = MQTTProperties_initializer;
	int rc;

	o->cleanstart = !o->will;
	add_number(&properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, o->will ? SESSION_EXPIRY_S : 0);
	add_number(&properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, RECEIVE_MAXIMUM);
	add_number(&properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, PACKET_MAX_BYTES);
	o->MQTTVersion = MQTTVERSION_5;
	o->connectProperties = &properties;
	o->onSuccess5 = on_connected5;
	o->onFailure5 = on_connect_failed5;
	o->context = t;
	rc = MQTTAsync_connect(l->client5, o);
	MQTTProperties_free(&properties);
	return rc;
}

static int connect3(struct line *l, MQTTAsync_connectOptions *o, struct ticket *t)
{
	o->MQTTVersion = MQTTVERSION_3_1_1;
	o->cleansession = !o->will;
	o->onSuccess = on_connected3;
	o->onFailure = on_connect_failed3;
	o->context = t;
	return MQTTAsync_connect(l->client3, o);
}

int line_connect(struct line *l, int version, unsigned attempt, struct err *err)
{
	MQTTAsync_connectOptions o = MQTTAsync_connectOptions_initializer;
	MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
	MQTTAsync_SSLOptions tls = tls_options(l);
	struct ticket *t;
	int rc;

	if (have_client(l, version, err) != 0)
		return -1;
	l->tls_why[0] = '\0';
	will.topicName = l->config.will_topic;
	will.message = "offline";
	will.retained = 1;
	will.qos = 1;
	o.will = l->config.will_topic ? &will : NULL;
	o.ssl = l->config.broker->tls.use ? &tls : NULL;
	o.cleansession = 0; /* MQTT 5 knows cleanstart instead */
	o.keepAliveInterval = (int)fault_patient(KEEPALIVE_S);
	o.connectTimeout = (int)fault_patient(CONNECT_TIMEOUT_S);
	o.automaticReconnect = 0;
	o.username = l->config.broker->user;
	o.password = l->config.password;
	t = new_ticket(l, 0, attempt);
	rc = version == MQTT_5 ? connect5(l, &o, t) : connect3(l, &o, t);
	if (rc == MQTTASYNC_SUCCESS)
		return 0;
	free(t);
	return err_set(err, "the MQTT library refuses to connect to %s (%d)", l->uri, rc);
}

void line_goodbye(struct line *l)
{
	MQTTAsync_disconnectOptions o = MQTTAsync_disconnectOptions_initializer;

	if (l->version == MQTT_5)
		o = (MQTTAsync_disconnectOptions)MQTTAsync_disconnectOptions_initializer5;
	o.timeout = 0; /* more would only be looked at every 3 s */
	o.context = l;
	if (l->version == MQTT_5)
		o.onSuccess5 = on_left5;
	else
		o.onSuccess = on_left3;
	if (MQTTAsync_disconnect(client_of(l), &o) != MQTTASYNC_SUCCESS)
		on_left(l);
}

void line_abandon(struct line *l)
{
	*(l->version == MQTT_5 ? &l->client5 : &l->client3) = NULL;
}

/* ---------------------------------------------------------------- subscribe */

static void subscribed(struct ticket *t, const int *codes)
{
	t->line->events.subscribed(t->line->events.arg, t->attempt, t->first, t->n, codes);
	free(t);
}

static void on_subscribed5(void *arg, MQTTAsync_successData5 *data)
{
	struct ticket *t = arg;
	int n = t->n, *codes = xcalloc((size_t)n, sizeof(*codes));

	/* The list is there when the server named more than one only: a wrong one names less than it was asked for. */
	codes[0] = (int)data->reasonCode;
	for (int i = 1; i < n; i++)
		codes[i] = i < data->alt.sub.reasonCodeCount ? (int)data->alt.sub.reasonCodes[i] : SUBSCRIBE_REFUSED;
	subscribed(t, codes);
	free(codes);
}

static void on_subscribed3(void *arg, MQTTAsync_successData *data)
{
	struct ticket *t = arg;

	subscribed(t, t->n > 1 ? data->alt.qosList : &data->alt.qos);
}

/* A single filter that was refused, or no answer at all. */
static void subscribe_failed(struct ticket *t, int code)
{
	if (t->n == 1 && code >= SUBSCRIBE_REFUSED)
		subscribed(t, &code);
	else
		subscribed(t, NULL);
}

static void on_subscribe_failed5(void *arg, MQTTAsync_failureData5 *data)
{
	subscribe_failed(arg, (int)data->reasonCode);
}

static void on_subscribe_failed3(void *arg, MQTTAsync_failureData *data)
{
	subscribe_failed(arg, data->code);
}

static void set_subscribe_callbacks(const struct line *l, MQTTAsync_responseOptions *r)
{
	if (l->version == MQTT_5) {
		r->onSuccess5 = on_subscribed5;
		r->onFailure5 = on_subscribe_failed5;
	} else {
		r->onSuccess = on_subscribed3;
		r->onFailure = on_subscribe_failed3;
	}
}

int line_subscribe(struct line *l, const struct sub *subs, int first, int n, unsigned round)
{
	MQTTAsync_responseOptions r = MQTTAsync_responseOptions_initializer;
	char **filters = xcalloc((size_t)n, sizeof(*filters));
	int rc, *qos = xcalloc((size_t)n, sizeof(*qos));
	MQTTSubscribe_options *options = xcalloc((size_t)n, sizeof(*options));
	struct ticket *t = new_ticket(l, 0, round);

	for (int i = 0; i < n; i++) {
		options[i] = (MQTTSubscribe_options)MQTTSubscribe_options_initializer;
		options[i].noLocal = subs[first + i].no_local;
		options[i].retainHandling = subs[first + i].live_only ? 2 : 0;
		options[i].retainAsPublished = subs[first + i].live_only; /* a retained command is refused */
		filters[i] = subs[first + i].filter;
		qos[i] = subs[first + i].qos;
	}
	t->first = first;
	t->n = n;
	r.context = t;
	set_subscribe_callbacks(l, &r);
	r.subscribeOptions = options[0];
	r.subscribeOptionsCount = n;
	r.subscribeOptionsList = options;
	rc = MQTTAsync_subscribeMany(client_of(l), n, filters, qos, &r);
	if (rc != MQTTASYNC_SUCCESS)
		free(t);
	free(filters);
	free(qos);
	free(options);
	return rc == MQTTASYNC_SUCCESS ? 0 : -1;
}

void line_unsubscribe(struct line *l, const struct subs *gone)
{
	for (int i = 0; i < gone->n; i++) {
		MQTTAsync_responseOptions r = MQTTAsync_responseOptions_initializer;

		MQTTAsync_unsubscribe(client_of(l), gone->at[i].filter, &r);
	}
}

/* --------------------------------------------------------------------- send */

static void answered(struct ticket *t, bool ok, const char *why)
{
	t->line->events.answered(t->line->events.arg, t->number, ok, why);
	free(t);
}

static void on_sent5(void *arg, MQTTAsync_successData5 *data)
{
	(void)data;
	answered(arg, true, "");
}

static void on_sent3(void *arg, MQTTAsync_successData *data)
{
	(void)data;
	answered(arg, true, "");
}

static void on_unsent5(void *arg, MQTTAsync_failureData5 *data)
{
	const char *why = "the connection broke before the broker acknowledged it";

	if (data->reasonCode >= MQTTREASONCODE_UNSPECIFIED_ERROR)
		why = MQTTReasonCode_toString(data->reasonCode);
	answered(arg, false, why ? why : "refused by the broker");
}

static void on_unsent3(void *arg, MQTTAsync_failureData *data)
{
	(void)data;
	answered(arg, false, "the connection broke before the broker acknowledged it");
}

static void set_send_callbacks(struct line *l, MQTTAsync_responseOptions *r, struct ticket *t)
{
	r->context = t;
	if (l->version == MQTT_5) {
		r->onSuccess5 = on_sent5;
		r->onFailure5 = on_unsent5;
	} else {
		r->onSuccess = on_sent3;
		r->onFailure = on_unsent3;
	}
}

static void add_send_properties(MQTTProperties *properties, const struct outgoing *o, uint32_t expiry_s)
{
	MQTTProperty p = {.identifier = MQTTPROPERTY_CODE_CORRELATION_DATA};

	if (expiry_s > 0)
		add_number(properties, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, expiry_s);
	if (!o->correlation)
		return;
	p.value.data.data = (char *)o->correlation; /* copied, not written */
	p.value.data.len = (int)o->correlation_len;
	MQTTProperties_add(properties, &p);
}

int line_send(struct line *l, const struct outgoing *o, uint32_t expiry_s, uint64_t number)
{
	MQTTAsync_message m = MQTTAsync_message_initializer;
	MQTTAsync_responseOptions r = MQTTAsync_responseOptions_initializer;
	struct ticket *t = number ? new_ticket(l, number, 0) : NULL;
	int rc;

	if (t)
		set_send_callbacks(l, &r, t);
	if (l->version == MQTT_5)
		add_send_properties(&m.properties, o, expiry_s);
	m.payload = (void *)o->payload; /* copied, not written */
	m.payloadlen = (int)o->len;
	m.qos = o->needs_sync && l->version != MQTT_5 ? 0 : o->qos; /* 3.1.1 has no expiry: our own repeats instead */
	m.retained = o->retain;
	/* From here on the answer may be under way, and `o` gone. */
	rc = MQTTAsync_sendMessage(client_of(l), o->topic, &m, &r);
	MQTTProperties_free(&m.properties);
	if (rc == MQTTASYNC_SUCCESS)
		return 0;
	free(t);
	return rc == MQTTASYNC_DISCONNECTED ? 1 : -1;
}
