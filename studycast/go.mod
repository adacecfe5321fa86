module github.com/studycast/studycast/studycast

go 1.26.0

require (
	github.com/studycast/studycast/audio-worker v0.0.0
	github.com/studycast/studycast/core v0.0.0
	github.com/studycast/studycast/gateway v0.0.0
	github.com/studycast/studycast/proto v0.0.0
	github.com/studycast/studycast/services v0.0.0
	github.com/studycast/studycast/video-worker v0.0.0
)

require (
	github.com/VividCortex/ewma v1.2.0 // indirect
	github.com/acarl005/stripansi v0.0.0-20180116102854-5a71ef0e047d // indirect
	github.com/alecthomas/kong v1.17.0 // indirect
	github.com/mattn/go-runewidth v0.0.16 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	github.com/vbauerster/mpb/v8 v8.9.3 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/studycast/studycast/proto => ../proto

replace github.com/studycast/studycast/core => ../core

replace github.com/studycast/studycast/services => ../services

replace github.com/studycast/studycast/gateway => ../gateway

replace github.com/studycast/studycast/video-worker => ../video-worker

replace github.com/studycast/studycast/audio-worker => ../audio-worker
