package server

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
	"github.com/studycast/studycast/services/deadletter/store"
)

// ListGroups reads a page of groups.
func (s *Server) ListGroups(ctx context.Context, r *deadletterv1.ListGroupsRequest) (*deadletterv1.ListGroupsResponse, error) {
	var bad problems
	size := bad.page(r.GetPageSize())
	f := bad.filter("filter.", deadletterclient.FilterFromProto(r.GetFilter()))
	if err := bad.err(); err != nil {
		return nil, err
	}
	of := f
	last, err := decodeToken(r.GetPageToken(), "groups", of)
	if err != nil {
		return nil, err
	}
	after, err := groupKey(last)
	if err != nil {
		return nil, err
	}
	f.Limit = size + 1
	groups, err := s.store.Groups(ctx, f, after)
	if err != nil {
		return nil, err
	}
	resp := &deadletterv1.ListGroupsResponse{}
	if len(groups) > size {
		groups = groups[:size]
		resp.NextPageToken = encodeToken(fmt.Sprintf("%d %s", groups[size-1].Letters, groups[size-1].Fingerprint), "groups", of)
	}
	resp.Groups = deadletterclient.GroupsToProto(groups)
	return resp, nil
}

// groupKey reads the key of a group in a token.
func groupKey(last string) (k store.GroupKey, err error) {
	if last == "" {
		return k, nil
	}
	n, print, _ := strings.Cut(last, " ")
	if k.Letters, err = strconv.Atoi(n); err != nil {
		return k, &job.InvalidError{Fields: []job.FieldError{{
			Path: "page_token", Message: "is not one that this list gave out: start with the first page",
		}}}
	}
	k.Fingerprint = print
	return k, nil
}
