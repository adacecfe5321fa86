// Package client is a typed client of Studycast's REST API. It uses the
// standard library only, so that importing it brings nothing else along.
//
//	c := client.New("http://127.0.0.1:8080", client.WithToken(token))
//	defer c.Close()
//	job, err := c.Submit(ctx, client.Request{
//		Kind:   client.Video,
//		Source: client.Source{URL: "https://example.org/article"},
//	})
//	for job, err = range c.Watch(ctx, job.ID) {
//		…
//	}
//
// # Trouble
//
// What the server refuses is a [*Problem]: decide by its Type, show its Error.
// A call that met a limit or a server without time (429, 503) is made again
// after as long as the server asks for; a call that does the same when it is
// made twice is also made again after a lost answer. [WithRetries] says how
// often. A Submit is such a call: each has an idempotency key.
//
// Watch and Wait follow a job for as long as their context lives: they wait out
// restarts of the server and go on where they were.
//
// # Operators
//
// Whoever may, sees with the same client what went wrong and mends it:
// [Client.DeadGroups] tells the causes of dead letters, [Client.PlanReplay] and
// [Client.StartReplay] put their jobs back to work, [Client.WatchReplay] follows
// that; [Client.Queues] and [Client.Workers] tell how it stands, [Client.Audit]
// who did what. What changes something takes a reason, which goes on record.
package client
