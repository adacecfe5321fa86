// Package images holds the recipes of the container images: a Dockerfile for
// those who have a container engine, and scripts that build and prove the same
// images without one. Its tests hold the two to one another and to the code.
package images
