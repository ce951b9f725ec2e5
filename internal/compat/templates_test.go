package compat

import (
	"net/http"
	"strings"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var templates = scenarios{
	"CreateMessageTemplate":      createMessageTemplate,
	"ListMessageTemplates":       listMessageTemplates,
	"ListMessageTemplateDetails": listMessageTemplateDetails,
	"UpdateMessageTemplate":      updateMessageTemplate,
	"DeleteMessageTemplate":      deleteMessageTemplate,
}

func (s *service) createTemplate(name string, protocol *string, content string) (*model.CreateMessageTemplateResponse, error) {
	return s.CreateMessageTemplate(&model.CreateMessageTemplateRequest{
		Body: &model.CreateMessageTemplateRequestBody{MessageTemplateName: name, Protocol: protocol, Content: content},
	})
}

// template creates one and gives its id.
func (s *service) template(t *testing.T, name, protocol, content string) string {
	t.Helper()
	out, err := s.createTemplate(name, &protocol, content)
	require.NoError(t, err)
	return id(t, out.MessageTemplateId)
}

func (s *service) templateDetails(t *testing.T, templateID string) *model.ListMessageTemplateDetailsResponse {
	t.Helper()
	out, err := s.ListMessageTemplateDetails(&model.ListMessageTemplateDetailsRequest{MessageTemplateId: templateID})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	return out
}

func createMessageTemplate(t *testing.T, s *service) {
	name := newName()
	out, err := s.createTemplate(name, nil, "{host} is down")
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, out.HttpStatusCode)
	id(t, out.RequestId)
	first := id(t, out.MessageTemplateId)
	require.Equal(t, "default", text(t, s.templateDetails(t, first).Protocol))

	_, err = s.createTemplate(name, nil, "{host} is down")
	refused(t, err, "SMN.0025")
	_, err = s.createTemplate(name, new("default"), "again")
	refused(t, err, "SMN.0025")
	require.NotEqual(t, first, s.template(t, name, "email", "Dear all"), "another variant")

	_, err = s.createTemplate("-"+name, nil, "content")
	refused(t, err, "SMN.0032", "SMN.0042")
	_, err = s.createTemplate(newName(), nil, "")
	refused(t, err, "SMN.0024")
	_, err = s.createTemplate(newName(), nil, strings.Repeat("a", 256<<10+1))
	refused(t, err, "SMN.0024")
	_, err = s.createTemplate(newName(), new("pigeon"), "content")
	refused(t, err, "SMN.0011")
}

func listMessageTemplates(t *testing.T, s *service) {
	name := newName()
	first := s.template(t, name, "default", "{host} is {state}")
	second := s.template(t, name, "email", "no variables")
	list := func(req model.ListMessageTemplatesRequest) []string {
		t.Helper()
		req.MessageTemplateName = &name
		out, err := s.ListMessageTemplates(&req)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.NotNil(t, out.MessageTemplateCount)
		require.NotNil(t, out.MessageTemplates)
		ids := []string{}
		for _, item := range *out.MessageTemplates {
			require.Equal(t, name, item.MessageTemplateName)
			moment(t, item.CreateTime)
			moment(t, item.UpdateTime)
			require.NotNil(t, item.TagNames, "a list is never null")
			if item.MessageTemplateId == first {
				require.Equal(t, "default", item.Protocol)
				require.ElementsMatch(t, []string{"host", "state"}, item.TagNames)
			}
			ids = append(ids, item.MessageTemplateId)
		}
		return ids
	}
	for range 2 {
		require.Equal(t, []string{first, second}, list(model.ListMessageTemplatesRequest{}), "the oldest comes first")
	}
	require.Equal(t, []string{second}, list(model.ListMessageTemplatesRequest{Protocol: new("email")}))
	require.Equal(t, []string{second}, list(model.ListMessageTemplatesRequest{Offset: new(int32(1)), Limit: new(int32(1))}))
	require.Empty(t, list(model.ListMessageTemplatesRequest{Offset: new(int32(2))}))
	for _, limit := range []int32{0, 101} {
		_, err := s.ListMessageTemplates(&model.ListMessageTemplatesRequest{Limit: &limit})
		refused(t, err, "SMN.0015")
	}
	_, err := s.ListMessageTemplates(&model.ListMessageTemplatesRequest{Protocol: new("pigeon")})
	refused(t, err, "SMN.0011")
}

func listMessageTemplateDetails(t *testing.T, s *service) {
	name := newName()
	template := s.template(t, name, "sms", "{host} is {state}, {host}! {not a tag}")
	for range 2 {
		out := s.templateDetails(t, template)
		require.Equal(t, template, text(t, out.MessageTemplateId))
		require.Equal(t, name, text(t, out.MessageTemplateName))
		require.Equal(t, "sms", text(t, out.Protocol))
		require.Equal(t, "{host} is {state}, {host}! {not a tag}", text(t, out.Content))
		require.NotNil(t, out.TagNames)
		require.ElementsMatch(t, []string{"host", "state"}, *out.TagNames)
		moment(t, text(t, out.CreateTime))
		moment(t, text(t, out.UpdateTime))
	}
	_, err := s.ListMessageTemplateDetails(&model.ListMessageTemplateDetailsRequest{MessageTemplateId: unknownID})
	refused(t, err, "SMN.0027")
	_, err = s.ListMessageTemplateDetails(&model.ListMessageTemplateDetailsRequest{MessageTemplateId: "x"})
	refused(t, err, "SMN.0031")
}

func updateMessageTemplate(t *testing.T, s *service) {
	template := s.template(t, newName(), "default", "{host} is down")
	update := func(template, content string) (*model.UpdateMessageTemplateResponse, error) {
		return s.UpdateMessageTemplate(&model.UpdateMessageTemplateRequest{
			MessageTemplateId: template, Body: &model.UpdateMessageTemplateRequestBody{Content: content},
		})
	}
	for range 2 {
		out, err := update(template, "{disk} is full")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		details := s.templateDetails(t, template)
		require.Equal(t, "{disk} is full", text(t, details.Content))
		require.Equal(t, []string{"disk"}, *details.TagNames)
	}
	_, err := update(template, "")
	refused(t, err, "SMN.0024")
	require.Equal(t, "{disk} is full", text(t, s.templateDetails(t, template).Content))
	_, err = update(unknownID, "content")
	refused(t, err, "SMN.0027")
	_, err = update("x", "content")
	refused(t, err, "SMN.0031")
}

func deleteMessageTemplate(t *testing.T, s *service) {
	name := newName()
	template := s.template(t, name, "default", "{host} is down")
	out, err := s.DeleteMessageTemplate(&model.DeleteMessageTemplateRequest{MessageTemplateId: template})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)

	_, err = s.DeleteMessageTemplate(&model.DeleteMessageTemplateRequest{MessageTemplateId: template})
	refused(t, err, "SMN.0027")
	_, err = s.DeleteMessageTemplate(&model.DeleteMessageTemplateRequest{MessageTemplateId: "x"})
	refused(t, err, "SMN.0031")
	s.template(t, name, "default", "the name is free again")
}
