// Package compose holds the whole of Studycast as a compose project. Its tests
// hold the files to the schema of compose and to the code: paths, ports,
// variables, programs and images.
package compose
