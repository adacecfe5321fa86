// Package house holds the rules of the repository as tests: who may import
// whom, what is generated, what the documents promise.
package house
