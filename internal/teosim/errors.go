package teosim

import "fmt"

// apiError is an error as the API returns it. Its message is in Chinese
// unless X-TC-Language requests English.
type apiError struct {
	code, zh, en string
}

func (e *apiError) message(english bool) string {
	if english {
		return e.en
	}
	return e.zh
}

func unknownParameter(name string) *apiError {
	return &apiError{
		"UnknownParameter",
		fmt.Sprintf("未知参数 `%s`。", name),
		fmt.Sprintf("The parameter `%s` is not recognized.", name),
	}
}

func missingParameter(name string) *apiError {
	return &apiError{
		"MissingParameter",
		fmt.Sprintf("缺少参数 `%s`。", name),
		fmt.Sprintf("The request is missing a required parameter `%s`.", name),
	}
}

func wrongType(name, want string) *apiError {
	return &apiError{
		"InvalidParameter",
		fmt.Sprintf("参数 `%s` 类型错误。", name),
		fmt.Sprintf("The value type of parameter `%s` is not valid: want %s.", name, want),
	}
}

func invalidParameter(name, why string) *apiError {
	return &apiError{
		"InvalidParameter",
		fmt.Sprintf("参数 `%s` 错误。", name),
		fmt.Sprintf("The parameter `%s` is not valid: %s.", name, why),
	}
}

func invalidValue(name, why string) *apiError {
	return &apiError{
		"InvalidParameterValue",
		fmt.Sprintf("参数 `%s` 取值错误。", name),
		fmt.Sprintf("The value of parameter `%s` is not valid: %s.", name, why),
	}
}

// codeErrors are the codes whose message is always the same.
func codeError(code string) *apiError {
	texts, ok := map[string][2]string{
		"ActionOffline":                         {"接口已下线。", "The API has been taken offline."},
		"AuthFailure.InvalidAuthorization":      {"请求头部的 Authorization 不符合腾讯云标准。", "The Authorization header does not conform to the standard."},
		"AuthFailure.SecretIdNotFound":          {"密钥不存在。", "The SecretId is not found, please ensure that your SecretId is correct."},
		"AuthFailure.SignatureExpire":           {"签名过期。", "The provided credentials have expired: the timestamp may not differ from the server's time by more than five minutes."},
		"AuthFailure.SignatureFailure":          {"签名错误。", "The provided credentials could not be validated. Please check your signature is correct."},
		"AuthFailure.TokenFailure":              {"token 错误。", "The provided token is invalid or has expired."},
		"InternalError":                         {"内部错误。", "An internal error has occurred."},
		"InvalidAction":                         {"接口不存在。", "The API does not exist."},
		"LimitExceeded":                         {"超过配额限制。", "The quota is exceeded."},
		"LimitExceeded.QueryTimeLimitExceeded":  {"查询时间超过限制。", "The query time range exceeds the limit of the plan."},
		"LimitExceeded.RateLimitExceeded":       {"请求频率超过限制。", "The request rate limit is exceeded."},
		"NoSuchVersion":                         {"接口版本不存在。", "The version does not exist."},
		"RequestLimitExceeded":                  {"请求的次数超过了频率限制。", "The request frequency limit is exceeded."},
		"RequestSizeLimitExceeded":              {"请求包超过限制大小。", "The request exceeds the size limit."},
		"ResourceUnavailable":                   {"资源不可用。", "The resource is unavailable."},
		"UnauthorizedOperation.CamUnauthorized": {"Cam 未授权。", "CAM is not authorized."},
		"UnsupportedOperation":                  {"操作不支持。", "The operation is not supported."},
		"UnsupportedProtocol":                   {"HTTP 请求协议错误。", "The protocol is not supported: want POST with application/json."},
	}[code]
	if !ok {
		texts = [2]string{code, code}
	}
	return &apiError{code, texts[0], texts[1]}
}
