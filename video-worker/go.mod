module github.com/studycast/studycast/video-worker

go 1.26.0

require (
	github.com/studycast/studycast/core v0.0.0
	github.com/studycast/studycast/proto v0.0.0
)

replace github.com/studycast/studycast/proto => ../proto

replace github.com/studycast/studycast/core => ../core
