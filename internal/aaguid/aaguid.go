// Package aaguid names authenticators. An AAGUID tells the model of an authenticator, or the manager that
// keeps a passkey. Without attestation it is a claim, good for the name that a user sees.
package aaguid

import (
	"cmp"
	"slices"

	"github.com/google/uuid"
)

// Name returns the name of an authenticator, or "" if the list does not have it.
func Name(id uuid.UUID) string {
	i, found := slices.BinarySearchFunc(names, id.String(), func(n named, id string) int { return cmp.Compare(n.id, id) })
	if !found {
		return ""
	}
	return names[i].name
}

type named struct{ id, name string }

// names holds the widespread authenticators, sorted by id. The sources are the list of the FIDO community
// (github.com/passkeydeveloper/passkey-authenticator-aaguids), Yubico's and Microsoft's.
var names = []named{
	{"03012cb7-4fb2-42e7-9e8d-a81f10e2a5e9", "YubiKey 5 with Lightning"},
	{"08987058-cadc-4b81-b6e1-30de50dcbe96", "Windows Hello"},
	{"0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6", "Keeper"},
	{"149a2021-8ef6-4133-96b8-81f8d5b7f1f5", "Security Key NFC by Yubico"},
	{"19083c3d-8383-4b18-bc03-8f1c9ab2fd1b", "YubiKey 5"},
	{"22248c4c-7a12-46e2-9a41-44291b373a4d", "LogMeOnce"},
	{"2fc0579f-8113-47ea-b116-bb5a8db9202a", "YubiKey 5 with NFC"},
	{"34744913-4f57-4e6e-a527-e9ec3c4b94e6", "YubiKey Bio"},
	{"39a5647e-1853-446c-a1f6-a79bae9f5bc7", "IDmelon"},
	{"42b4fb4a-2866-43b2-9bf7-6c6669c2e5d3", "Google Titan Security Key"},
	{"45e3057e-b2f9-48ed-912f-9b901e153b16", "Uniqkey"},
	{"50726f74-6f6e-5061-7373-50726f746f6e", "Proton Pass"},
	{"531126d6-e717-415c-9320-3d9aa6981239", "Dashlane"},
	{"53414d53-554e-4700-0000-000000000000", "Samsung Pass"},
	{"6028b017-b1d4-4c02-b4b3-afcdafc96bb2", "Windows Hello"},
	{"6bb49926-160a-4306-a100-4eb39ba6ac45", "AVG Password Manager"},
	{"6d44ba9b-f6ec-2e49-b930-0c8fe920cb73", "Security Key NFC by Yubico"},
	{"73bb0cd4-e502-49b8-9c6f-b59445bf720b", "YubiKey 5 FIPS"},
	{"7409272d-1ff9-4e10-9fc9-ac0019c124fd", "YubiKey Bio"},
	{"771b48fd-d3d4-4f74-9232-fc157ab0507a", "Edge on Mac"},
	{"7d1351a6-e097-4852-b8bf-c9ac5c9ce4a3", "YubiKey Bio"},
	{"85203421-48f9-4355-9bc8-8a53846e5083", "YubiKey 5Ci FIPS"},
	{"891494da-2c90-4d31-a9cd-4eab0aed1309", "Sésame"},
	{"90636e1f-ef82-43bf-bdcf-5255f139d12f", "YubiKey Bio"},
	{"90a3ccdf-635c-4729-a248-9b709135078f", "Microsoft Authenticator"},
	{"9addb28c-b46f-4402-808f-019651441ff3", "KeePassPasskey"},
	{"9ddd1817-af5a-4672-a2b9-3e3dd95000a9", "Windows Hello"},
	{"a02167b9-ae71-4ac7-9a07-06432ebb6f1c", "YubiKey 5 with Lightning"},
	{"a10c6dd9-465e-4226-8198-c7c44b91c555", "Kaspersky Password Manager"},
	{"a11a5faa-9f32-4b8c-8c5d-2f7d13e8c942", "AliasVault"},
	{"a25342c0-3cdc-4414-8e46-f4807fca511c", "YubiKey 5 with NFC"},
	{"a4a2d88e-9796-4356-9164-e2a5a8bd019c", "Avast Password Manager"},
	{"a4e9fc6d-4cbe-4758-b8ba-37598bb5bbaa", "Security Key NFC by Yubico"},
	{"adce0002-35bc-c60a-648b-0b25f1f05503", "Chrome on Mac"},
	{"b35a26b2-8f6e-4697-ab1d-d44db4da28c6", "Zoho Vault"},
	{"b5397666-4885-aa6b-cebf-e52262a439a2", "Chromium"},
	{"b78a0a55-6ef8-d246-a042-ba0f6d55050c", "LastPass"},
	{"b84e4048-15dc-4dd0-8640-f4f60813c8af", "NordPass"},
	{"b92c3f9a-c014-4056-887f-140a2501163b", "Security Key by Yubico"},
	{"bada5566-a7aa-401f-bd96-45619a55120d", "1Password"},
	{"c1f9a0bc-1dd2-404a-b27f-8e29047a43fd", "YubiKey 5 FIPS with NFC"},
	{"c5ef55ff-ad9a-4b9f-b580-adebafe026d0", "YubiKey 5Ci"},
	{"cb69481e-8ff7-4039-93ec-0a2729a154a8", "YubiKey 5"},
	{"cc45f64e-52a2-451b-831a-4edd8022a202", "ToothPic"},
	{"d3452668-01fd-4c12-926c-83a4204853aa", "Microsoft Password Manager"},
	{"d548826e-79b4-db40-a3d8-11116f7e8349", "Bitwarden"},
	{"d7781e5d-e353-46aa-afe2-3ca49f13332a", "YubiKey 5 with NFC"},
	{"d8522d9f-575b-4866-88a9-ba99fa02f35b", "YubiKey Bio"},
	{"d9be9d39-e6a6-4c28-a581-32b044d986e4", "Sticky Password"},
	{"dd4ec289-e01d-41c9-bb89-70fa845d4bf2", "iCloud Keychain (managed)"},
	{"dd86a2da-86a0-4cbe-b462-4bd31f57bc6f", "YubiKey Bio"},
	{"de1e552d-db1d-4423-a619-566b625cdc84", "Microsoft Authenticator"},
	{"de503f9c-21a4-4f76-b4b7-558eb55c6f89", "Devolutions"},
	{"e7db2bd3-f2fe-4d71-ad78-7e7aa166cfd1", "Avira Password Manager"},
	{"ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4", "Google Password Manager"},
	{"eaecdef2-1c31-5634-8639-f1cbd9c00a08", "KeePassDX"},
	{"ee882879-721c-4913-9775-3dfcce97072a", "YubiKey 5"},
	{"f3809540-7f14-49c1-a8b3-8f813b225541", "Enpass"},
	{"f8a011f3-8c0a-4d15-8006-17111f9edc7d", "Security Key by Yubico"},
	{"fa2b99dc-9e39-4257-8f92-4a30d23c4118", "YubiKey 5 with NFC"},
	{"fa37f553-f9b6-4adb-ac53-8bbb57ebdf0d", "Norton Password Manager"},
	{"fbfc3007-154e-4ecc-8c0b-6e020557d7bd", "iCloud Keychain"},
	{"fdb141b2-5d84-443e-8a35-4698c205a502", "KeePassXC"},
	{"ff4dac45-ede8-4ec2-aced-cf66103f4335", "YubiKey 5"},
}
