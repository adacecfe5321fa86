// Package browser tries the product as students and operators meet it: the pages in
// a real Chromium, on a server that makes real lessons. It holds tests only.
//
// `go test ./studycast/browser -run TestLook -artifacts -outputdir DIR` keeps
// pictures of the page in all its states.
package browser
