provider "teo" {}
