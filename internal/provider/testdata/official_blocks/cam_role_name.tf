provider "teo" {
  cam_role_name = "my-cam-role-name"
}
