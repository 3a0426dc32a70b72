# 将最近一周的归档与 EdgeOne 统计的请求数进行比较。
# EdgeOne 从未列出的日志包，只有在这里才会被发现缺失。

locals {
  # 至少在 24 小时前结束的整日，因此应当全部已归档。
  week  = provider::teo::last_days(timeadd(plantimestamp(), "-24h"), 7)
  since = timecmp(teo_l7_log_archive.logs.start_time, local.week.start_time) > 0 ? teo_l7_log_archive.logs.start_time : local.week.start_time
}

data "teo_l7_log_coverage" "archived" {
  count = timecmp(local.since, local.week.end_time) < 0 ? 1 : 0

  start_time = local.since
  end_time   = local.week.end_time
  zones      = var.zones
  archive    = var.destination

  depends_on = [teo_l7_log_archive.logs]
}

check "requests_are_archived" {
  assert {
    condition = alltrue(data.teo_l7_log_coverage.archived[*].complete)
    error_message = format(
      "Hours with requests that are not in the archive: %s. Hours that the analytics could not answer: %d.",
      jsonencode({ for host in flatten(data.teo_l7_log_coverage.archived[*].hosts) : host.host => host.missing if host.missing_hours > 0 }),
      sum(concat([0], data.teo_l7_log_coverage.archived[*].unverified_hours)),
    )
  }
}

# 供浏览器查看或打印：terraform output -raw coverage。
# 标记为 sensitive 只是为了不让 Terraform 打印整个页面。
output "coverage" {
  description = "最近一周的热力图页面。"
  value       = provider::teo::coverage_chart(flatten(data.teo_l7_log_coverage.archived[*].hosts), "html")
  sensitive   = true
}
