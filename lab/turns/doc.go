// Package turns looks at the fair order of owners from outside, on the whole
// system: who starts when, and how true the forecast in a job's line was.
package turns
