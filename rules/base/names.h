/* names.h - every closed set of words the project speaks: one X-list each, so
 * that the enum, its text and its parser cannot drift apart. The texts stand
 * in the interface (MQTT payloads, audit, YAML): never change one. */
#ifndef TOCSIN_NAMES_H
#define TOCSIN_NAMES_H

/* Hazards, in the order of gravity that decides every conflict; the letter
 * begins the incident id. */
#define HAZARD_LIST(X)                                                                                       \
	X(FIRE, "fire", 'F')                                                                                 \
	X(GAS, "gas", 'G')                                                                                   \
	X(PEOPLE, "people", 'L')                                                                             \
	X(WATER, "water", 'W')                                                                               \
	X(POWER, "power", 'P')                                                                               \
	X(SECURITY, "security", 'D')                                                                         \
	X(OTHER, "other", 'O')                                                                               \
	X(SYSTEM, "system", 'S')

#define SEVERITY_LIST(X) X(CRITICAL, "critical") X(MAJOR, "major") X(MINOR, "minor") X(FAULT, "fault")

#define LANG_LIST(X) X(ZH, "zh") X(EN, "en")

/* The states and cues of an incident's life. */
#define STATE_LIST(X)                                                                                        \
	X(PRE_ALARM, "pre_alarm")                                                                            \
	X(UNACKED, "unacked")                                                                                \
	X(RTN_UNACKED, "rtn_unacked")                                                                        \
	X(ACKED, "acked")                                                                                    \
	X(LATCHED, "latched")                                                                                \
	X(CLEARED, "cleared")                                                                                \
	X(CLOSED, "closed")

#define CUE_LIST(X)                                                                                          \
	X(RAISE, "raise")                                                                                    \
	X(WORSEN, "worsen")                                                                                  \
	X(GONE, "gone")                                                                                      \
	X(LOST, "lost")                                                                                      \
	X(WITHOUT, "without")                                                                                \
	X(ACK, "ack")                                                                                        \
	X(DUE, "due")                                                                                        \
	X(RESET, "reset")                                                                                    \
	X(DONE, "done")                                                                                      \
	X(CLOSE, "close")

#define STEP_KIND_LIST(X)                                                                                    \
	X(TASK, "task")                                                                                      \
	X(DECIDE, "decide")                                                                                  \
	X(COMMAND, "command")                                                                                \
	X(NOTIFY, "notify")                                                                                  \
	X(RECORD, "record")                                                                                  \
	X(RUN, "run")                                                                                        \
	X(WAIT, "wait")                                                                                      \
	X(REPORT, "report")

/* Waiting: not yet started. Open: its owner or actuator is at it. The others
 * are ends; skipped: its `when` can no longer come true. */
#define STEP_STATE_LIST(X)                                                                                   \
	X(WAITING, "waiting")                                                                                \
	X(OPEN, "open")                                                                                      \
	X(DONE, "done")                                                                                      \
	X(FAILED, "failed")                                                                                  \
	X(INTERLOCKED, "interlocked")                                                                        \
	X(SKIPPED, "skipped")

#define DELIVERY_LIST(X) X(QUEUED, "queued") X(SENT, "sent") X(DELIVERED, "delivered") X(FAILED, "failed")

#define NOTICE_KIND_LIST(X)                                                                                  \
	X(CALL, "call")                                                                                      \
	X(UPDATE, "update")                                                                                  \
	X(REMINDER, "reminder")                                                                              \
	X(TASK, "task")                                                                                      \
	X(LATE, "late")                                                                                      \
	X(OVER, "over")                                                                                      \
	X(EXHAUSTED, "exhausted")                                                                            \
	X(TELL, "tell")                                                                                      \
	X(TEST, "test")                                                                                      \
	X(HANDOVER, "handover")                                                                              \
	X(SUMMARY, "summary")

/* Commands of people: name, then the arguments in order (CONTRACT section 2):
 * I incident id, o optional incident id or all, t type, z zone, s step,
 * c choice, a actuator, x action, p person, n optional channel, k key=value
 * pairs, w optional words, W words required, r optional role, R role, f and u from and until when,
 * D duration, h hazard, m permit, g who watches, N name of a detector, actuator or sign,
 * y hang or down, q optional place. */
#define VERB_LIST(X)                                                                                         \
	X(RAISE, "raise", "tzw")                                                                             \
	X(ACK, "ack", "ow")                                                                                  \
	X(DONE, "done", "Isw")                                                                               \
	X(FAILED, "failed", "Isw")                                                                           \
	X(DECIDE, "decide", "Iscw")                                                                          \
	X(RECORD, "record", "Isk")                                                                           \
	X(NOTE, "note", "IW")                                                                                \
	X(OPERATE, "operate", "ax")                                                                          \
	X(RESET, "reset", "Iw")                                                                              \
	X(CLOSE, "close", "Iw")                                                                              \
	X(SIGN, "sign", "Iw")                                                                                \
	X(ONCALL, "oncall", "r")                                                                             \
	X(HANDOVER, "handover", "r")                                                                         \
	X(ACCEPT, "accept", "Rw")                                                                            \
	X(REFUSE, "refuse", "Rw")                                                                            \
	X(OVERRIDE, "override", "Rpfuw")                                                                     \
	X(ESCALATE, "escalate", "Iw")                                                                        \
	X(DRILL, "drill", "tzw")                                                                             \
	X(RING, "ring", "pn")                                                                                \
	X(SHELVE, "shelve", "IDW")                                                                           \
	X(UNSHELVE, "unshelve", "Iw")                                                                        \
	X(ISOLATE, "isolate", "zhDmg")                                                                       \
	X(REJOIN, "rejoin", "zh")                                                                            \
	X(OUT, "out", "NDW")                                                                                 \
	X(BACK, "back", "Nw")                                                                                \
	X(TAG, "tag", "Nyqw")                                                                                \
	X(RESEND, "resend", "FT")                                                                            \
	X(REPORT, "report", "I")                                                                             \
	X(STATS, "stats", "d")

#define REFUSAL_LIST(X)                                                                                      \
	X(NONE, "none")                                                                                      \
	X(UNKNOWN_PERSON, "unknown_person")                                                                  \
	X(UNKNOWN_ID, "unknown_id")                                                                          \
	X(WHICH, "which")                                                                                    \
	X(OLD_REV, "old_rev")                                                                                \
	X(LATE, "late")                                                                                      \
	X(RETAINED, "retained")                                                                              \
	X(TOO_BIG, "too_big")                                                                                \
	X(BAD_TEXT, "bad_text")                                                                              \
	X(NOT_YOURS, "not_yours")                                                                            \
	X(CLOSED, "closed")                                                                                  \
	X(STILL_ACTIVE, "still_active")                                                                      \
	X(NOT_ACKED, "not_acked")                                                                            \
	X(NEEDS_RESET, "needs_reset")                                                                        \
	X(STEPS_OPEN, "steps_open")                                                                          \
	X(INTERLOCKED, "interlocked")                                                                        \
	X(SECOND_PERSON, "second_person")                                                                    \
	X(NO_END, "no_end")                                                                                  \
	X(TOO_LONG, "too_long")                                                                              \
	X(NOT_NOW, "not_now")

#define AUDIT_KIND_LIST(X)                                                                                   \
	X(STARTED, "started")                                                                                \
	X(STOPPED, "stopped")                                                                                \
	X(PLAN, "plan")                                                                                      \
	X(OPENED, "opened")                                                                                  \
	X(GRADE, "grade")                                                                                    \
	X(MEMBER, "member")                                                                                  \
	X(GONE, "gone")                                                                                      \
	X(LOST, "lost")                                                                                      \
	X(FOUND, "found")                                                                                    \
	X(ACKED, "acked")                                                                                    \
	X(ACK_EXPIRED, "ack_expired")                                                                        \
	X(CALLED, "called")                                                                                  \
	X(CHAIN_EXHAUSTED, "chain_exhausted")                                                                \
	X(NOTICE, "notice")                                                                                  \
	X(SENT, "sent")                                                                                      \
	X(DELIVERED, "delivered")                                                                            \
	X(DELIVERY_FAILED, "delivery_failed")                                                                \
	X(STEP, "step")                                                                                      \
	X(DECIDED, "decided")                                                                                \
	X(RECORDED, "recorded")                                                                              \
	X(COMMAND, "command")                                                                                \
	X(FEEDBACK, "feedback")                                                                              \
	X(INTERLOCKED, "interlocked")                                                                        \
	X(RESET, "reset")                                                                                    \
	X(CLOSED, "closed")                                                                                  \
	X(SIGNED, "signed")                                                                                  \
	X(NOTE, "note")                                                                                      \
	X(SHELVED, "shelved")                                                                                \
	X(UNSHELVED, "unshelved")                                                                            \
	X(ISOLATED, "isolated")                                                                              \
	X(REJOINED, "rejoined")                                                                              \
	X(OUT, "out")                                                                                        \
	X(DRILL, "drill")                                                                                    \
	X(HANDOVER, "handover")                                                                              \
	X(OVERRIDE, "override")                                                                              \
	X(BACK, "back")                                                                                      \
	X(TAG, "tag")                                                                                        \
	X(RAISED, "raised")                                                                                  \
	X(REFUSED, "refused")                                                                                \
	X(CLOCK, "clock")                                                                                    \
	X(STORE_LATE, "store_late")                                                                          \
	X(STORE_FAILED, "store_failed")                                                                      \
	X(STORE_BACK, "store_back")                                                                          \
	X(BROKER_UP, "broker_up")                                                                            \
	X(BROKER_DOWN, "broker_down")                                                                        \
	X(FAULT, "fault")                                                                                    \
	X(ARCHIVED, "archived")

/* What the alarm system finds wrong with itself: each is an incident type
 * that every plan has, under this id, hazard system. */
#define SELF_LIST(X)                                                                                         \
	X(SENSOR_LOST, "sensor-lost", "传感器失联", "Sensor lost")                                           \
	X(BROKER_DOWN, "broker-down", "消息服务器中断", "Broker unreachable")                                \
	X(STORE_FAILING, "store-failing", "审计存储故障", "Audit store failing")                             \
	X(STORE_SET_ASIDE, "store-set-aside", "审计存储已更换", "Audit store was replaced")                  \
	X(PLAN_BROKEN, "plan-broken", "配置文件有误", "Configuration broken")                                \
	X(POISON, "poison-message", "有害消息已搁置", "Poison message set aside")                            \
	X(UNKNOWN_INCIDENT, "unknown-incident", "发现未知事件", "Unknown retained incident")                 \
	X(MARK_LOST, "mark-lost", "消息回环丢失", "Own messages are lost")                                   \
	X(BROKER_DROPS, "broker-drops", "消息服务器丢弃消息", "Broker drops messages")                       \
	X(LIMIT, "limit-reached", "达到上限", "A limit is reached")                                          \
	X(UNSENDABLE, "unsendable", "消息无法发出", "A message could not be sent")                           \
	X(DISK_LOW, "disk-low", "磁盘空间不足", "Disk nearly full")                                          \
	X(DESCRIPTORS_LOW, "descriptors-low", "文件描述符不足", "File descriptors used up")                  \
	X(LOG_LOST, "log-lost", "日志丢失", "Log lines are lost")                                            \
	X(FILES, "files-unwritable", "文件无法写入", "Files cannot be written")                              \
	X(MEMORY_LOW, "memory-low", "内存不足", "Memory nearly used up")                                     \
	X(FALLING_BEHIND, "falling-behind", "处理迟缓", "The program falls behind")                          \
	X(CHANNEL_DOWN, "channel-down", "通知渠道失效", "A channel does not deliver")                        \
	X(UNREACHABLE, "unreachable", "值班人员联系不上", "On duty and not reached")                         \
	X(BROKER_REFUSES, "broker-refuses", "消息服务器拒绝", "The broker refuses us")                       \
	X(CERTIFICATE, "certificate-ends", "证书即将过期", "A certificate is about to expire")               \
	X(CLOCK_STEP, "clock-step", "时钟跳变", "Clock stepped")

#define HAZARD_E(A, T, C) HAZARD_##A,
#define SEVERITY_E(A, T) SEVERITY_##A,
#define LANG_E(A, T) LANG_##A,
#define STATE_E(A, T) STATE_##A,
#define CUE_E(A, T) CUE_##A,
#define STEP_KIND_E(A, T) STEP_KIND_##A,
#define STEP_E(A, T) STEP_##A,
#define DELIVERY_E(A, T) DELIVERY_##A,
#define NOTICE_E(A, T) NOTICE_##A,
#define VERB_E(A, T, G) VERB_##A,
#define REFUSAL_E(A, T) REFUSAL_##A,
#define AUDIT_E(A, T) AUDIT_##A,
#define SELF_E(A, T, Z, E) SELF_##A,

enum hazard { HAZARD_LIST(HAZARD_E) HAZARD_COUNT };
enum severity { SEVERITY_LIST(SEVERITY_E) SEVERITY_COUNT };
enum lang { LANG_LIST(LANG_E) LANG_COUNT };
enum state { STATE_LIST(STATE_E) STATE_COUNT };
enum cue { CUE_LIST(CUE_E) CUE_COUNT };
enum step_kind { STEP_KIND_LIST(STEP_KIND_E) STEP_KIND_COUNT };
enum step_state { STEP_STATE_LIST(STEP_E) STEP_COUNT };
enum delivery { DELIVERY_LIST(DELIVERY_E) DELIVERY_COUNT };
enum notice_kind { NOTICE_KIND_LIST(NOTICE_E) NOTICE_COUNT };
enum verb { VERB_LIST(VERB_E) VERB_COUNT };
enum refusal { REFUSAL_LIST(REFUSAL_E) REFUSAL_COUNT };
enum audit_kind { AUDIT_KIND_LIST(AUDIT_E) AUDIT_COUNT };
enum self { SELF_LIST(SELF_E) SELF_COUNT };

/* Text of a word; the index is always in range. */
const char *hazard_name(enum hazard h);
char hazard_letter(enum hazard h);
const char *severity_name(enum severity s);
const char *lang_name(enum lang l);
const char *state_name(enum state s);
const char *cue_name(enum cue c);
const char *step_kind_name(enum step_kind k);
const char *step_state_name(enum step_state s);
const char *delivery_name(enum delivery d);
const char *notice_kind_name(enum notice_kind k);
const char *verb_name(enum verb v);
const char *verb_args(enum verb v);
const char *refusal_name(enum refusal r);
const char *audit_kind_name(enum audit_kind k);
const char *self_name(enum self s);
const char *self_title(enum self s, enum lang l);

/* Index of a word in its list, or -1. */
int hazard_from(const char *name);
int severity_from(const char *name);
int lang_from(const char *name);
int state_from(const char *name);
int step_state_from(const char *name);
int delivery_from(const char *name);
int notice_kind_from(const char *name);
int verb_from(const char *name);
int self_from(const char *name);

/* Life-safety: fire, gas, people. */
static inline int hazard_is_life(enum hazard h)
{
	return h <= HAZARD_PEOPLE;
}

#endif
