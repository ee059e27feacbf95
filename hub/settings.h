/*
 * settings: the hub's options, one table row each.
 */
#ifndef HUB_SETTINGS_H
#define HUB_SETTINGS_H

#include "base/settings.h"

/* The target is struct hub_settings. */
extern const struct setting hub_setting_rows[];

#endif
