/*
 * version: what --version prints and what peers are told.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define RONGXIN_VERSION "0.1.0"

#endif
