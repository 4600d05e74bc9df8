for(const b of document.querySelectorAll(".show")){const i=document.getElementById(b.getAttribute("aria-controls"));b.hidden=false;b.onclick=()=>{const show=i.type==="password";i.type=show?"text":"password";b.textContent=show?b.dataset.hide:b.dataset.show;i.focus()}}
for(const f of document.forms)f.addEventListener("submit",e=>{if(f.sent)e.preventDefault();f.sent=1;setTimeout(()=>f.sent=0,4000);for(const i of f.querySelectorAll("input[type=text]"))if(i.type==="text"&&i.autocomplete.includes("password"))i.type="password"});
document.querySelector("[aria-invalid]")?.focus();
{{if .Press}}history.replaceState(null,"",location.pathname);document.forms[0]?.requestSubmit(){{end}}
