// Every word of the console in Chinese and English.

export const words = {
	// the frame
	subtitle: ["全国融资信用信息共享控制台", "National credit information sharing"],
	skip: ["跳到正文", "Skip to content"],
	other_language: ["English", "中文"],
	theme_dark: ["深色", "Dark"],
	theme_light: ["浅色", "Light"],
	live: ["实时", "live"],
	not_live: ["未连接", "not connected"],
	role_operator: ["操作员", "operator"],
	role_auditor: ["审计员", "auditor"],
	role_viewer: ["观察员", "viewer"],
	minutes: ["{0} 分钟", "{0} min"],
	hours: ["{0} 小时", "{0} h"],
	days: ["{0} 天", "{0} d"],
	waiting: ["读取中…", "Loading…"],
	empty: ["没有数据", "No data"],
	failed_to_load: ["未能读取：{0}", "Could not be read: {0}"],
	no_charts: ["图表组件未安装（make charts），请看表格。", "Charts are not installed (make charts); see the tables."],
	definition: ["口径说明", "Definition"],
	close: ["关闭", "Close"],
	cancel: ["取消", "Cancel"],
	csv: ["导出 CSV", "Export CSV"],
	more: ["更多", "More"],
	not_found: ["没有这一页", "There is no such page"],
	retry: ["重试", "Try again"],

	// states
	good: ["正常", "good"],
	late: ["迟或低", "late or low"],
	failed: ["失败", "failed"],
	none: ["无数据", "no data"],

	// views
	overview: ["总览", "Overview"],
	overview_lead: ["全国是否正常，谁不正常，从何时起。", "Is the country all right, who is not, and since when."],

	// overview figures
	records: ["在账记录", "Records"],
	records_note: ["{0} 个数据流", "{0} streams"],
	changes_today: ["今日变更", "Changes today"],
	changes_note: ["收到 {0} 行，拒收 {1} 行", "{0} rows received, {1} rejected"],
	questions_today: ["今日查询", "Queries today"],
	questions_note: ["其中拒绝 {0}", "{0} refused"],
	delay: ["时延 p50 / p99", "Delay p50 / p99"],
	delay_note: ["从枢纽提交到节点生效", "from commit at the hub to applied"],
	nodes: ["在线平台", "Platforms live"],
	nodes_note: ["名单上共 {0} 个", "of {0} on the list"],
	batches_held: ["待决批次", "Batches held"],
	held_note: ["等操作员放行或退回", "wait for an operator"],
};
