/*
 * alarm: looks every few seconds for what is wrong, and raises alerts.
 *
 * What is wrong is decided by the schema (sql/027-alerts.sql); this thread
 * brings the time, and the facts that only the process sees.
 * One thread with a connection of its own.
 */
#ifndef HUB_ALARM_H
#define HUB_ALARM_H

#include "base/err.h"

struct hub;
struct alarm;

MUST_CHECK enum err alarm_open(
    struct hub *hub, const char *conninfo, struct alarm **out, struct why *why);
void alarm_close(struct alarm *alarm); /* safe on NULL */

#endif
