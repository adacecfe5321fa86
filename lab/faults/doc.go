// Package faults tries to break the promises of the product on real processes:
// RabbitMQ, PostgreSQL and every program run apart, jobs are submitted without
// pause, and meanwhile something is killed, stopped, blocked, cut off or filled
// up. It has tests only; run them with
//
//	make test-faults     all but the cluster
//	make test-cluster    three RabbitMQ nodes; needs the right to make network namespaces
//
// # What is asserted
//
// For every fault, with at least 200 jobs under load where that makes sense:
// each accepted job ends in exactly one final state and in the one it should;
// its result is the one of its last attempt, written once; no attempt ran twice
// and none is counted that did not run; two attempts of a job were never
// trusted at the same time. The proof is the ledger that the handlers of
// lab-worker write by themselves (package lab/ledger), compared with what the
// status service and the artifact store say. Afterwards every program is ready,
// no queue holds a message, and when the system has ended in order no process
// and no temporary file is left and no log holds a panic.
//
// Bounds on what is true are strict, bounds on time are three times the aim:
// they catch what hangs, on slow machines too. The measured times and the aims
// are in the table that is printed at the end.
//
// # The faults
//
// The numbers are those of the twenty failures that the broker's trials showed;
// the tests named in brackets prove the same from closer by.
//
//	 1  broker killed -9 while the gateway publishes             TestBroker, TestRandom [rabbitbroker TestKilledServer]
//	 2  broker killed -9 while jobs wait for a retry             TestBroker
//	 3  broker killed -9 while workers run jobs                  TestBroker [core/worker TestBrokerLostInTheMiddle]
//	 4  connections closed by the operator                       TestBroker [rabbitbroker TestStaleSettlementTouchesNothing]
//	 5  a job that kills its worker every time                   TestPrograms [rabbitbroker TestCrashesEndInDeadQueue: the broker's own limit]
//	 6  worker killed -9 beside a full queue                     TestBroker [core/worker TestPrefetchIsSlots]
//	 7  jobs that fail in all attempts but the last              TestJobs [studycast/e2e TestRetryDelays]
//	 8  jobs that fail for ever                                  TestJobs
//	 9  jobs that hang beyond their timeout                      TestJobs [core/worker TestHandlerThatIgnoresItsContextIsAbandoned]
//	10  worker killed between retry publish and ack              TestPrograms, failpoint after-retry-publish-before-ack
//	11  a crash-looping job that also goes through retries       TestPrograms
//	12  a queue without its binding                              TestBroker [rabbitbroker TestUnroutablePublish]
//	13  the dead queue is missing when jobs die                  TestBroker [rabbitbroker TestUnroutableDeadLetters]
//	14  memory alarm                                             TestBroker [rabbitbroker TestBlockedServerRefusesAtOnce]
//	15  broker frozen for 30 s                                   TestBroker
//	16  broker absent at the start of everybody                  TestBroker
//	17  a queue that exists with other arguments                 TestBroker [rabbitbroker TestChangedArgument]
//	18  a queue deleted while it is consumed                     TestBroker [rabbitbroker TestTopologyChangesUnderConsumer]
//	19  SIGTERM during jobs within and beyond the grace          TestPrograms [core/worker TestDrain]
//	20  1000 dead letters replayed, who replays killed -9 twice  TestJobs
//
// And beyond the broker:
//
//	gateway killed -9 between its requests, and at both failpoints of its relay   TestPrograms
//	status service killed -9 under load                                           TestPrograms
//	dead-letter service killed -9 while letters come in                           TestJobs
//	one worker and all workers killed -9, and killed at every failpoint           TestPrograms
//	scratch folder full, disk alarm of the broker                                 TestJobs, TestBroker
//	PostgreSQL stopped for 10 s, killed -9; pgbouncer restarted                   TestStore
//	network hangs, resets, delays by 2 s: gateway and worker with broker and
//	status service, status service with PostgreSQL; a hang beyond the lease       TestNetwork
//	worker stopped (SIGSTOP) for 45 s, whose late writes are refused              TestNetwork
//	random faults for 60 s, two or more of every program                          TestRandom
//	real workers killed -9 in the middle of a lesson                              TestLessons
//	the product as one process on the embedded adapters                           TestEmbedded [studycast/e2e: every moment of a job]
//	a cluster: one node cut off, another killed -9                                TestCluster
//
// # Settings
//
//	STUDYCAST_FAULTS_TABLE  file that gets the table
//	STUDYCAST_SEED          seed of TestRandom, as an earlier run printed it
//	STUDYCAST_CLUSTER       not empty: TestCluster runs
//	STUDYCAST_BIN           folder of programs built before; empty = they are built
//	STUDYCAST_KEEP          folder that keeps logs and ledgers of every system
package faults
