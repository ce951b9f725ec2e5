package wire

// NewCatalog lists the services of an installation as SDKs look for them: type
// smn without the project for some, smnv2 with it for others. Without a project
// there is no smnv2. baseURL has no trailing slash.
func NewCatalog(baseURL, region, projectID string) []CatalogService {
	service := func(id, name, kind, url string) CatalogService {
		return CatalogService{
			ID: id, Name: name, Type: kind,
			Endpoints: []CatalogEndpoint{{ID: id, Interface: "public", Region: region, RegionID: region, URL: url}},
		}
	}
	catalog := []CatalogService{service("00000000000000000000000000000001", "SimpleMessageNotification", "smn", baseURL+"/v2/")}
	if projectID != "" {
		catalog = append(catalog, service("00000000000000000000000000000002", "smnv2", "smnv2", baseURL+"/v2/"+projectID))
	}
	return append(catalog, service("00000000000000000000000000000003", "keystone", "identity", baseURL+"/v3"))
}
