// Package bucket runs the whole system with its artifacts in a bucket of S3:
// lessons are made, fetched past the gateway and through it, and removed; a
// worker dies while it puts a file; the bucket goes away and comes back.
package bucket
