module github.com/studycast/studycast/client

go 1.26.0
