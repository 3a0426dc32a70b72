// Command rclone is rclone with what a test of S3 needs: a folder, and a server of
// the S3 protocol. All of rclone has a hundred storage services.
package main

import (
	_ "github.com/rclone/rclone/backend/local"
	"github.com/rclone/rclone/cmd"
	_ "github.com/rclone/rclone/cmd/serve"
	_ "github.com/rclone/rclone/cmd/serve/s3"
)

func main() { cmd.Main() }
