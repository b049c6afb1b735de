package main

import "time"

// exchangeAccount, July to October 2021: an account that looks like one of
// Exchange's own is created, made a member of Organization Management and
// allowed to impersonate every mailbox. The account's name and the cmdlets are
// those of AA22-264A and Microsoft's report.
func (s *story) exchangeAccount() {
	s.mail.cmdlet(on(2021, time.July, 15, 1, 12, 44), administrator, "New-MailboxSearch", `-Name "s1" -SearchQuery "*" -TargetMailbox "Administrator"`)
	s.mail.cmdlet(on(2021, time.July, 15, 1, 15, 3), administrator, "Get-Recipient", `-ResultSize "Unlimited"`)
	s.mail.cmdlet(on(2021, time.October, 4, 23, 2, 31), administrator, "New-Mailbox", `-Name "`+falseHealth.name+`" -UserPrincipalName "`+falseHealth.name+"@"+dnsDomain+`"`)
	s.directory.createsAccount(on(2021, time.October, 4, 23, 2, 32), administrator, falseHealth)
	s.mail.cmdlet(on(2021, time.October, 4, 23, 6, 10), administrator, "Update-RoleGroupMember", `-Identity "Organization Management" -Members "`+falseHealth.name+`"`)
	s.directory.addsMember(on(2021, time.October, 4, 23, 6, 11), 4756, administrator, falseHealth, "Organization Management", domainSID+"-1201")
	s.mail.cmdlet(on(2021, time.October, 4, 23, 9, 57), administrator, "New-ManagementRoleAssignment",
		`-Name "impersonation" -Role "ApplicationImpersonation" -User "`+falseHealth.name+`"`)
}
