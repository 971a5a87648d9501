/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers of TCP-STATE-COUNT-MIB, each under its name there. Several of them make an OID below
 * the module's root: { tcpStateCountObjects, tcpListenQueueTable, tcpListenQueueEntry,
 * tcpListenQueuedMax } is a column, { tcpStateCountObjects, tcpRefresh, tcpRefreshAge } a scalar.
 */
#ifndef MIB_OBJECTS_H
#define MIB_OBJECTS_H

enum {
	tcpStateCountNotifications = 0,
	tcpStateCountObjects = 1,
};

/** Below tcpStateCountNotifications */
enum {
	tcpThresholdRaised = 1,
	tcpThresholdCleared = 2,
};

/** Below tcpStateCountObjects */
enum {
	tcpStateCountTable = 1,
	tcpStateTotalTable = 2,
	tcpFamilyTable = 3,
	tcpHost = 4,
	tcpListenQueueTable = 5,
	tcpWatchStateTable = 6,
	tcpThresholdTable = 7,
	tcpRefresh = 8,
	tcpNotify = 9,
	tcpWatchTable = 10,
	tcpOwnerTable = 11,
};

/** Below tcpStateCountTable */
enum {
	tcpStateCountEntry = 1,
};

/** Below tcpStateCountEntry */
enum {
	tcpStateCountFamily = 1,
	tcpStateCountState = 2,
	tcpStateCount = 3,
	tcpStateCountMin = 4,
	tcpStateCountMax = 5,
	tcpStateCountLabel = 6,
};

/** Below tcpStateTotalTable */
enum {
	tcpStateTotalEntry = 1,
};

/** Below tcpStateTotalEntry */
enum {
	tcpStateTotalState = 1,
	tcpStateTotal = 2,
	tcpStateTotalMin = 3,
	tcpStateTotalMax = 4,
	tcpStateTotalLabel = 5,
};

/** Below tcpFamilyTable */
enum {
	tcpFamilyEntry = 1,
};

/** Below tcpFamilyEntry */
enum {
	tcpFamily = 1,
	tcpFamilySockets = 2,
	tcpFamilyUdp = 3,
	tcpFamilyRaw = 4,
	tcpFamilyFrag = 5,
};

/** Below tcpHost */
enum {
	tcpHostOrphans = 1,
	tcpHostOrphansMax = 2,
	tcpHostTimeWaits = 3,
	tcpHostTimeWaitsMax = 4,
	tcpHostAllocated = 5,
	tcpHostMemory = 6,
	tcpHostMemoryMax = 7,
	tcpHostSocketsUsed = 8,
	tcpHostListenOverflows = 9,
	tcpHostListenDrops = 10,
	tcpHostSyncookiesSent = 11,
	tcpHostTimeWaitOverflows = 12,
	tcpHostLocalPorts = 13,
	tcpHostSynQueueDrops = 14,
	tcpHostSyncookiesReceived = 15,
	tcpHostSyncookiesFailed = 16,
	tcpHostSynRetransmits = 17,
	tcpHostTimeouts = 18,
	tcpHostMemoryAborts = 19,
	tcpHostMemoryPressures = 20,
	tcpHostPrunes = 21,
	tcpHostBacklogDrops = 22,
	tcpHostReceiveDrops = 23,
	tcpHostConntracks = 24,
	tcpHostConntracksMax = 25,
	tcpHostSynQueueCookies = 26,
};

/** Below tcpListenQueueTable */
enum {
	tcpListenQueueEntry = 1,
};

/** Below tcpListenQueueEntry */
enum {
	tcpListenSockets = 1,
	tcpListenQueued = 2,
	tcpListenQueuedMax = 3,
	tcpListenBacklog = 4,
	tcpListenDropped = 5,
	tcpListenLabel = 6,
	tcpListenFill = 7,
	tcpListenFillMax = 8,
	tcpListenOwner = 9,
	tcpListenSynQueue = 10,
};

/** Below tcpWatchStateTable */
enum {
	tcpWatchStateEntry = 1,
};

/** Below tcpWatchStateEntry */
enum {
	tcpWatchCount = 1,
	tcpWatchCountMin = 2,
	tcpWatchCountMax = 3,
	tcpWatchCountLabel = 4,
};

/** Below tcpThresholdTable */
enum {
	tcpThresholdEntry = 1,
};

/** Below tcpThresholdEntry */
enum {
	tcpThresholdName = 1,
	tcpThresholdMetric = 2,
	tcpThresholdRange = 3,
	tcpThresholdClearRange = 4,
	tcpThresholdValue = 5,
	tcpThresholdStatus = 6,
	tcpThresholdSince = 7,
	tcpThresholdRaises = 8,
	tcpThresholdLabel = 9,
	tcpThresholdTop = 10,
	tcpThresholdSinceDate = 11,
};

/** Below tcpRefresh */
enum {
	tcpRefreshInterval = 1,
	tcpRefreshAge = 2,
	tcpRefreshDuration = 3,
	tcpRefreshes = 4,
	tcpRefreshErrors = 5,
	tcpRefreshLastError = 6,
	tcpRefreshMethod = 7,
	tcpRefreshWindow = 8,
	tcpRefreshStarted = 9,
	tcpRefreshListenersOmitted = 10,
};

/** Below tcpNotify */
enum {
	tcpNotifyDropped = 1,
};

/** Below tcpWatchTable */
enum {
	tcpWatchEntry = 1,
};

/** Below tcpWatchEntry */
enum {
	tcpWatchName = 1,
	tcpWatchFilter = 2,
	tcpWatchSockets = 3,
	tcpWatchPortUse = 4,
};

/** Below tcpOwnerTable */
enum {
	tcpOwnerEntry = 1,
};

/** Below tcpOwnerEntry */
enum {
	tcpOwnerName = 1,
	tcpOwnerCount = 2,
	tcpOwnerCountMax = 3,
	tcpOwnerLabel = 4,
};

#endif
